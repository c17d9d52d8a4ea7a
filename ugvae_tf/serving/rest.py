"""The back end that calls an exported model on TensorFlow Serving by REST."""

import json
import math
from typing import Any

import numpy as np
import requests

from ugvae_tf.errors import UserError
from ugvae_tf.serving import saved_model
from ugvae_tf.serving.address import ServerAddress
from ugvae_tf.serving.back_end import Arrays

NUMBERS_PER_CALL = 2**20  # pixel values: about 20 MB of JSON, about a second of a server's time
SECONDS_TO_CONNECT, SECONDS_TO_ANSWER = 5, 300


class Rest:
    """One version of a model on a server: all calls go to the version that responded first.

    Raises:
        UserError: no server responds, or it is not TensorFlow Serving with an export of ugvae_tf.
    """

    def __init__(self, address: ServerAddress) -> None:
        self.name, self._url = address.name, address.model_url
        self._session = requests.Session()
        described = self._ask("GET", f"{address.choice}/metadata")
        try:
            self.version = int(described["model_spec"]["version"])
            found = described["metadata"]["signature_def"]["signature_def"]
            self.signatures = {name: list(each["inputs"]) for name, each in found.items() if each.get("inputs")}
            self._outputs = {name: list(found[name]["outputs"]) for name in self.signatures}
        except (KeyError, TypeError, ValueError) as error:
            raise self._not_serving() from error
        self.config = self._config()

    @property
    def images_per_call(self) -> int:
        """Images in one call: fewer, the larger they are."""
        return max(1, NUMBERS_PER_CALL // math.prod(self.config["image_shape"]))

    def call(self, name: str, inputs: Arrays) -> Arrays:
        """Run a signature by a request in the column format."""
        return {key: np.array(value, np.float32) for key, value in self._predict(name, inputs).items()}

    def _config(self) -> dict[str, Any]:
        if "config" not in self.signatures:
            raise UserError(
                f"The model at {self._url} has no signature 'config' with its configuration: "
                f"export it again (python scripts/re_export.py), or give its folder."
            )
        answer = self._predict("config", {"group_sizes": np.ones(1, np.int32)})
        try:
            return json.loads(answer["config_json"][0])
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise saved_model.not_ours(self._url) from error

    def _predict(self, name: str, inputs: Arrays) -> dict[str, Any]:
        asked = {"signature_name": name, "inputs": {key: array.tolist() for key, array in inputs.items()}}
        answer = self._ask("POST", f"/versions/{self.version}:predict", json.dumps(asked))
        try:
            keys = self._outputs[name]
            # The response of a signature with a single output has no output name.
            return {keys[0]: answer["outputs"]} if len(keys) == 1 else {key: answer["outputs"][key] for key in keys}
        except (KeyError, TypeError) as error:
            raise self._not_serving() from error

    def _ask(self, method: str, path: str, body: str | None = None) -> Any:
        """The JSON of a response; raises UserError if there is none, or if its status is an error."""
        try:
            timeout = (SECONDS_TO_CONNECT, SECONDS_TO_ANSWER)
            response = self._session.request(method, self._url + path, data=body, timeout=timeout)
            content = response.json()
        except requests.JSONDecodeError as error:
            raise self._not_serving() from error
        except requests.Timeout as error:
            raise UserError(
                f"{self._url} does not answer in time: check that the server is running and not overloaded."
            ) from error
        except requests.RequestException as error:
            raise UserError(
                f"{self._url} cannot be reached: check that the server is running and that this is its REST port "
                f"(8501 by default)."
            ) from error
        if not response.ok:
            told = content.get("error") if isinstance(content, dict) else content
            raise UserError(f"The server's response to {self._url}{path} has status {response.status_code}: {told}")
        return content

    def _not_serving(self) -> UserError:
        return UserError(
            f"The response of {self._url} is not one of TensorFlow Serving: give the address of its REST port (8501)."
        )
