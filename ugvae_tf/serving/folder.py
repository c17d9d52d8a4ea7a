"""The back end that runs an exported model in this process."""

from pathlib import Path

import tensorflow as tf

from ugvae_tf.serving import operations, saved_model
from ugvae_tf.serving.back_end import Arrays
from ugvae_tf.serving.metric import read_metric


class Folder:
    """A version's folder, or the newest version in a model's folder; raises UserError if it is no export of ours.

    Args:
        trust: whether to load a SavedModel with operations beyond those on tensors and variables.
    """

    images_per_call = 8192  # large enough to use all cores, small enough for memory

    def __init__(self, folder: Path, trust: bool = False) -> None:
        path = saved_model.version_folder(folder)
        self.name, self.version = path.resolve().parent.name, int(path.name)
        self.config = saved_model.read_config(path)
        if not trust:
            operations.check(path)
        self.metric = read_metric(path)
        try:
            self._loaded = tf.saved_model.load(str(path))
        except (OSError, ValueError, tf.errors.OpError) as error:
            raise saved_model.not_ours(path) from error
        self._functions = self._loaded.signatures
        self.signatures = {name: list(each.structured_input_signature[1]) for name, each in self._functions.items()}

    def call(self, name: str, inputs: Arrays) -> Arrays:
        """Run a signature."""
        answer = self._functions[name](**{key: tf.constant(array) for key, array in inputs.items()})
        return {key: tensor.numpy() for key, tensor in answer.items()}
