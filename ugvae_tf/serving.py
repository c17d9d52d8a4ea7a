"""An exported model as NumPy functions: all that evaluation ever sees of a model."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf

from ugvae_tf.errors import UserError

IMAGES_PER_CALL = 8192  # enough to fill the cores, little enough for any memory
Arrays = dict[str, np.ndarray]


class ServedModel:
    """The newest version of an exported model.

    Inputs and outputs lead with the axis of groups and are cut into calls along it.

    Raises:
        UserError: the folder holds no version, or the version is no SavedModel of ours.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.version = _newest_version(self.folder)
        path = self.folder / str(self.version)
        try:
            self._loaded = tf.saved_model.load(str(path))
            self.config = json.loads((path / "assets.extra" / "config.json").read_text())
        except (OSError, ValueError, tf.errors.OpError) as error:
            raise UserError(f"{path} is not a SavedModel that ugvae_tf exported: train one with train.py.") from error
        self.signatures = dict(self._loaded.signatures)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(H, W, C) of the images that the model takes."""
        height, width, channels = self.config["image_shape"]
        return height, width, channels

    def encode(self, images: np.ndarray) -> Arrays:
        """Codes of groups of images [G, B, H, W, C], bytes or floats in [0, 1].

        Without beta, M is 0 and the moments of beta are [G, 0]; without d, K is 1 and all
        `component_probs` are 1. So nobody who reads codes has to tell the models apart.
        """
        return _completed(self.call("serving_default", images=images))

    def encode_ragged(self, images: np.ndarray, group_sizes: np.ndarray) -> Arrays:
        """Codes of groups of unequal size: images beyond a group's size count for nothing."""
        return _completed(self.call("encode_ragged", images=images, group_sizes=group_sizes))

    def experts(self, images: np.ndarray) -> Arrays:
        """Natural parameters of every image's factor of q(beta), `precision` and `precision_mean` [G, B, M]."""
        return self.call("experts", images=images)

    def prior(self, beta: np.ndarray) -> Arrays:
        """Means and deviations of the components [G, K, L] that beta [G, M] sets."""
        return self.call("prior", beta=beta, group_sizes=np.ones(len(beta), np.int32))

    def decode(self, z: np.ndarray, beta: np.ndarray) -> Arrays:
        """Means (and deviations) of the pixels for z [G, B, L] and beta [G, M]."""
        return self.call("decode", z=z, beta=beta)

    def call(self, name: str, **inputs: np.ndarray) -> Arrays:
        """Any signature, by its name, with those of the inputs that it takes; a UserError if there is none."""
        if name not in self.signatures:
            model = self.config["model"]["model"]
            raise UserError(f"The model in {self.folder} ({model}) has no signature '{name}', which this needs.")
        signature = self.signatures[name]
        taken = signature.structured_input_signature[1]
        inputs = {key: array for key, array in inputs.items() if key in taken}
        answers = [signature(**part) for part in _parts(inputs)]
        return {key: np.concatenate([answer[key].numpy() for answer in answers]) for key in answers[0]}


def _completed(codes: Arrays) -> Arrays:
    """Codes with the moments of a beta of no dimensions, and the one component, that a model leaves out."""
    groups, size = codes["z_mean"].shape[:2]
    no_beta, one_component = np.zeros([groups, 0], np.float32), np.ones([groups, size, 1], np.float32)
    return {"beta_mean": no_beta, "beta_stddev": no_beta, "component_probs": one_component} | codes


def _newest_version(folder: Path) -> int:
    if not folder.is_dir():
        raise UserError(f"{folder} is not a folder: give one that train.py exported to, such as saved_models/mnist.")
    versions = [int(entry.name) for entry in folder.iterdir() if entry.name.isdigit()]
    if not versions:
        raise UserError(f"{folder} holds no exported version: train and export a model with train.py.")
    return max(versions)


def _parts(inputs: Arrays) -> Iterator[dict[str, tf.Tensor]]:
    """Consecutive groups, about IMAGES_PER_CALL images at a time."""
    first = next(iter(inputs.values()))
    groups = max(1, IMAGES_PER_CALL // (first.shape[1] if first.ndim > 2 else 1))
    for start in range(0, len(first), groups):
        yield {name: _tensor(array[start : start + groups]) for name, array in inputs.items()}


def _tensor(array: np.ndarray) -> tf.Tensor:
    """Images that came as bytes are scaled; floats are taken as they are."""
    if array.dtype == np.uint8:
        return tf.constant(array, tf.float32) / 255
    return tf.constant(array, tf.int32 if array.dtype.kind == "i" else tf.float32)
