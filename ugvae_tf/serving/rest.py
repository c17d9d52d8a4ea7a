"""An exported model that TensorFlow Serving runs, asked by REST."""

import json
import math
from typing import Any

import numpy as np
import requests

from ugvae_tf.errors import UserError
from ugvae_tf.serving import saved_model
from ugvae_tf.serving.address import ServerAddress
from ugvae_tf.serving.back_end import Arrays

NUMBERS_PER_CALL = 2**20  # of pixels: about 20 MB of JSON, which takes a server about a second
SECONDS_TO_CONNECT, SECONDS_TO_ANSWER = 5, 300


class Rest:
    """One version of a model on a server: the one that answers first answers every call.

    Raises:
        UserError: nobody answers, or not as TensorFlow Serving with a model of ours does.
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
        """Few of large images."""
        return max(1, NUMBERS_PER_CALL // math.prod(self.config["image_shape"]))

    def call(self, name: str, inputs: Arrays) -> Arrays:
        """Run a signature by a request in the column format."""
        return {key: np.array(value, np.float32) for key, value in self._predict(name, inputs).items()}

    def _config(self) -> dict[str, Any]:
        if "config" not in self.signatures:
            raise UserError(
                f"The model at {self._url} has no signature 'config' that tells what it is: "
                f"export it anew (python scripts/re_export.py), or give its folder."
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
            # A signature with a single output answers without its name.
            return {keys[0]: answer["outputs"]} if len(keys) == 1 else {key: answer["outputs"][key] for key in keys}
        except (KeyError, TypeError) as error:
            raise self._not_serving() from error

    def _ask(self, method: str, path: str, body: str | None = None) -> Any:
        """The JSON of an answer; raises UserError if there is none, or it tells of an error."""
        try:
            timeout = (SECONDS_TO_CONNECT, SECONDS_TO_ANSWER)
            response = self._session.request(method, self._url + path, data=body, timeout=timeout)
            content = response.json()
        except requests.JSONDecodeError as error:
            raise self._not_serving() from error
        except requests.Timeout as error:
            raise UserError(f"{self._url} does not answer in time: is the server up, and not overloaded?") from error
        except requests.RequestException as error:
            raise UserError(
                f"{self._url} cannot be reached: is the server running, and is this its REST port (8501 by default)?"
            ) from error
        if not response.ok:
            told = content.get("error") if isinstance(content, dict) else content
            raise UserError(f"The server answers for {self._url}{path} with status {response.status_code}: {told}")
        return content

    def _not_serving(self) -> UserError:
        return UserError(f"{self._url} does not answer as TensorFlow Serving does: is it its REST port (8501)?")
