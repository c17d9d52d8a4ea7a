"""The back end that runs an exported model in this process."""

from pathlib import Path

import tensorflow as tf

from ugvae_tf.errors import UserError
from ugvae_tf.serving import checksums, operations, saved_model
from ugvae_tf.serving.back_end import Arrays
from ugvae_tf.serving.component_names import read_names
from ugvae_tf.serving.metric import read_metric


class Folder:
    """A version's folder, or the newest version in a model's folder; raises UserError if it is no export of ours.

    Args:
        trust: whether to load a SavedModel with operations beyond those on tensors and variables.
    """

    images_per_call = 8192  # large enough to use all cores, small enough for memory

    def __init__(self, folder: Path, trust: bool = False) -> None:
        path = saved_model.version_folder(folder)
        self._path = path
        self.name, self.version = path.resolve().parent.name, int(path.name)
        self.config = saved_model.read_config(path)
        checksums.check(path)
        if not trust:
            operations.check(path)
        self.metric, self.component_names = read_metric(path), read_names(path)
        try:
            self._loaded = tf.saved_model.load(str(path))
            self._functions = self._loaded.signatures
            self.signatures = {name: list(each.structured_input_signature[1]) for name, each in self._functions.items()}
        except Exception as error:  # TensorFlow has errors of many kinds for a damaged file
            raise saved_model.not_ours(path) from error

    def call(self, name: str, inputs: Arrays) -> Arrays:
        """Run a signature; raises UserError if it fails, as in a damaged version, or for lack of memory."""
        given = {key: tf.constant(array) for key, array in inputs.items()}
        try:
            return {key: tensor.numpy() for key, tensor in self._functions[name](**given).items()}
        except tf.errors.OpError as error:
            reason = (error.message.splitlines() or [type(error).__name__])[0]
            raise UserError(f"The signature '{name}' of {self._path} failed: {reason}") from error
