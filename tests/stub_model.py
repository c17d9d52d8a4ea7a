"""One version of a model as TensorFlow Serving presents it to REST clients.

Formats follow the server's documentation: rows (`instances`) and columns (`inputs`), a single input or
output without its name.
"""

from pathlib import Path

import numpy as np
import tensorflow as tf
from google.protobuf.json_format import MessageToDict
from tensorflow.core.protobuf import saved_model_pb2


class Refused(Exception):
    """An error for the client: an HTTP status and what to say."""


class Model:
    """One version of one model."""

    def __init__(self, name: str, version: Path) -> None:
        self.name, self.version = name, version.name
        self.functions = tf.saved_model.load(str(version)).signatures
        saved = saved_model_pb2.SavedModel.FromString((version / "saved_model.pb").read_bytes())
        self.definitions = saved.meta_graphs[0].signature_def

    def run(self, signature: str, inputs: dict[str, object]) -> dict[str, np.ndarray]:
        """The outputs of a signature."""
        if signature not in self.functions:
            raise Refused(400, f'Serving signature name: "{signature}" not found in signature def')
        taken = self.definitions[signature].inputs
        if set(inputs) != set(taken):
            raise Refused(400, f"input keys {sorted(inputs)}, not {sorted(taken)}")
        given = {key: tf.constant(value, tf.DType(taken[key].dtype)) for key, value in inputs.items()}
        return {key: value.numpy() for key, value in self.functions[signature](**given).items()}

    def metadata(self) -> dict:
        """The answer to GET .../metadata."""
        definitions = {
            key: MessageToDict(each, preserving_proto_field_name=True) for key, each in self.definitions.items()
        }
        spec = {"name": self.name, "signature_name": "", "version": self.version}
        return {"model_spec": spec, "metadata": {"signature_def": {"signature_def": definitions}}}

    def status(self) -> dict:
        """The answer to GET of the model itself."""
        return {"model_version_status": [{"version": self.version, "state": "AVAILABLE"}]}

    def predict(self, asked: dict) -> dict:
        """The answer to POST ...:predict."""
        signature = asked.get("signature_name", "serving_default")
        if ("inputs" in asked) == ("instances" in asked):
            raise Refused(400, "Request must have one of 'instances' and 'inputs'")
        if "inputs" in asked:
            return {"outputs": _columns(self.run(signature, self._named(signature, asked["inputs"])))}
        rows = [self._named(signature, row) for row in asked["instances"]]
        return {"predictions": _rows(self.run(signature, {key: [row[key] for row in rows] for key in rows[0]}))}

    def _named(self, signature: str, value: object) -> dict[str, object]:
        """A single input may come without its name."""
        return value if isinstance(value, dict) else dict.fromkeys(self.definitions[signature].inputs, value)


def _columns(outputs: dict[str, np.ndarray]) -> object:
    values = {key: _plain(value) for key, value in outputs.items()}
    return values if len(values) > 1 else next(iter(values.values()))


def _rows(outputs: dict[str, np.ndarray]) -> list:
    lengths = {len(value) for value in outputs.values()}
    if len(lengths) > 1:
        raise Refused(400, "Tensors of different 0-th dimension cannot be given in rows")
    return [_columns({key: value[row] for key, value in outputs.items()}) for row in range(*lengths)]


def _plain(value: np.ndarray) -> object:
    """Numbers and text as JSON has them."""
    if value.dtype == object or isinstance(value, bytes):
        return np.vectorize(bytes.decode)(value).tolist()
    return value.tolist()
