"""The back end that calls an exported model on TensorFlow Serving by REST."""

import json
import math
from typing import Any

import numpy as np
import requests

from ugvae_tf.errors import UserError
from ugvae_tf.serving import answers, saved_model
from ugvae_tf.serving.address import ServerAddress
from ugvae_tf.serving.back_end import Arrays
from ugvae_tf.serving.component_names import ComponentNames
from ugvae_tf.serving.exchange import TooLarge, exchange
from ugvae_tf.serving.metric import LearnedMetric

NUMBERS_PER_CALL = 2**20  # pixel values: about 20 MB of JSON, about a second of a server's time
SECONDS_TO_CONNECT, SECONDS_TO_ANSWER = 5, 300
MAX_TEXT = 300  # of a server's own message
NOT_DESCRIBED = (
    KeyError,
    TypeError,
    ValueError,
    AttributeError,
    IndexError,
    OverflowError,
)  # of JSON that has another form


class Rest:
    """One version of a model on a server: all calls go to the version that responded first.

    Raises:
        UserError: no server responds, or it is not TensorFlow Serving with an export of ugvae_tf.
    """

    metric: LearnedMetric | None = None  # assets, which a server does not give
    component_names: ComponentNames | None = None

    def __init__(self, address: ServerAddress) -> None:
        self.name, self._url, self._shown = address.name, address.model_url, address.shown
        self._session = requests.Session()
        metadata = self._ask("GET", f"{address.choice}/metadata")
        try:
            self.version = int(metadata["model_spec"]["version"])
            found = metadata["metadata"]["signature_def"]["signature_def"]
            self._outputs = {name: answers.described(each) for name, each in found.items() if each.get("inputs")}
        except NOT_DESCRIBED as error:
            raise self._not_serving() from error
        self.signatures = {name: each.inputs for name, each in self._outputs.items()}
        self.config = self._config()

    @property
    def images_per_call(self) -> int:
        """Images in one call: fewer, the larger they are."""
        return max(1, NUMBERS_PER_CALL // math.prod(self.config["image_shape"]))

    def call(self, name: str, inputs: Arrays) -> Arrays:
        """Run a signature by a request in the column format; raises UserError for an answer that does not fit it."""
        answer, found = self._predict(name, inputs), {}
        for key, shape in self._outputs[name].shapes.items():
            try:
                found[key] = answers.array(answer[key], shape, inputs)
            except ValueError as error:
                raise UserError(f"The answer of {self._shown} to '{name}' is wrong: '{key}' {error}.") from error
        return found

    def _config(self) -> dict[str, Any]:
        if "config" not in self.signatures:
            raise UserError(
                f"The model at {self._shown} has no signature 'config' with its configuration: "
                f"export it again (python scripts/re_export.py), or give its folder."
            )
        answer = self._predict("config", {"group_sizes": np.ones(1, np.int32)})
        try:
            found = json.loads(answer["config_json"][0])
        except (*NOT_DESCRIBED, RecursionError) as error:
            raise saved_model.not_ours(self._shown) from error
        if not isinstance(found, dict):
            raise saved_model.not_ours(self._shown)
        return found

    def _predict(self, name: str, inputs: Arrays) -> dict[str, Any]:
        asked = {"signature_name": name, "inputs": {key: array.tolist() for key, array in inputs.items()}}
        answer = self._ask("POST", f"/versions/{self.version}:predict", json.dumps(asked))
        try:
            keys = list(self._outputs[name].shapes)
            # The response of a signature with a single output has no output name.
            return {keys[0]: answer["outputs"]} if len(keys) == 1 else {key: answer["outputs"][key] for key in keys}
        except NOT_DESCRIBED as error:
            raise self._not_serving() from error

    def _ask(self, method: str, path: str, body: str | None = None) -> Any:
        """The JSON of a response; raises UserError if there is none, or if its status is an error."""
        try:
            limits = SECONDS_TO_CONNECT, SECONDS_TO_ANSWER
            status, content = exchange(self._session, method, self._url + path, body, *limits)
        except TooLarge as error:
            raise UserError(f"The response of {self._shown} is too large ({error}): check the server.") from error
        except requests.Timeout as error:
            raise UserError(
                f"{self._shown} does not answer in time: check that the server is running and not overloaded."
            ) from error
        except requests.RequestException as error:
            raise UserError(
                f"{self._shown} cannot be reached: check that the server is running and that this is its REST port "
                f"(8501 by default)."
            ) from error
        except ValueError as error:
            raise self._not_serving() from error
        if not 200 <= status < 300:
            told = str(content.get("error") if isinstance(content, dict) else content)
            shown = "".join(sign for sign in " ".join(told.split()) if sign.isprintable())[:MAX_TEXT]
            raise UserError(f"The server's response to {self._shown}{path} has status {status}: {shown}")
        return content

    def _not_serving(self) -> UserError:
        return UserError(
            f"The response of {self._shown} is not one of TensorFlow Serving: give the address of its REST port (8501)."
        )
