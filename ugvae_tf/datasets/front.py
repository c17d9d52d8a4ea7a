"""The Python interface of images and groups: `ugvae_tf.load_images`, `random_groups`, `label_groups`."""

from pathlib import Path
from typing import Literal

import numpy as np
import tensorflow as tf

from ugvae_tf.config import DataConfig
from ugvae_tf.config.validation import size_range
from ugvae_tf.datasets.grouping import Grouping
from ugvae_tf.datasets.image_set import ImageSet
from ugvae_tf.datasets.loading import load_split
from ugvae_tf.datasets.own_images import split_of
from ugvae_tf.datasets.pixels import as_bytes
from ugvae_tf.errors import UserError

ALL_IN_MEMORY = 1e6  # gigabytes: no limit


def load_images(
    source: str | Path | np.ndarray,
    *,
    labels: dict[str, np.ndarray] | None = None,
    image_size: int | None = None,
    data_dir: str | None = None,
    corrupt: Literal["stop", "skip"] = "stop",
) -> tuple[ImageSet, ImageSet]:
    """Training and held-out images.

    Args:
        source: a folder of pictures, an .npz file with an array `image`, the name of a data set that ships or of a
            TFDS image set, or an array [N, H, W, C] or [N, H, W] of uint8 or of floats in [0, 1]. Without a held-out
            split, a tenth is held out, the same one every time.
        labels: of the images in an array, each [N].
        image_size: height and width that images are resized to, after a crop to their central square; not for arrays.
        data_dir: folder of prepared TFDS data sets, for a name.
        corrupt: `stop` raises UserError for a picture that cannot be decoded, `skip` leaves it out.

    Raises:
        UserError: the source does not exist; its images differ in size and `image_size` is not given; or an array has
            an invalid shape or range.
    """
    if isinstance(source, np.ndarray):
        return _of_array(source, labels or {})
    dataset, place = _described(Path(source), data_dir)
    data = DataConfig(dataset, place, image_size=image_size, corrupt=corrupt, memory_limit=ALL_IN_MEMORY)
    return load_split(data, "train"), load_split(data, "held-out")


def _described(source: Path, data_dir: str | None) -> tuple[str, str | None]:
    """`dataset` and `data_dir`, as in DataConfig."""
    if source.suffix == ".npz":
        return "npz", str(source)
    return ("folder", str(source)) if source.is_dir() or len(source.parts) > 1 else (str(source), data_dir)


def _of_array(images: np.ndarray, labels: dict[str, np.ndarray]) -> tuple[ImageSet, ImageSet]:
    pixels = as_bytes(images, "the array")
    for name, values in labels.items():
        if len(values) != len(pixels):
            raise UserError(f"The label '{name}' has {len(values)} values for {len(pixels)} images: give one for each.")
    parts = [split_of(np.arange(len(pixels)), split) for split in ("train", "held-out")]
    train, held_out = (
        ImageSet(pixels[part], {name: np.asarray(values)[part] for name, values in labels.items()}) for part in parts
    )
    return train, held_out


def random_groups(
    images: ImageSet | np.ndarray, group_size: int | tuple[int, int] = 128, groups_per_step: int = 1, seed: int = 0
) -> tf.data.Dataset:
    """Random groups for `fit`: every iteration over the dataset is one epoch in a new order.

    With `group_size=(5, 31)` the size of every group is drawn uniformly from 5 to 31; the mask marks its images.

    Returns:
        Steps of (images [G, B, H, W, C] in [0, 1], mask [G, B]: ones, but for groups of random sizes).

    Raises:
        UserError: the images do not fill one step.
    """
    smallest, largest = size_range(group_size)
    return _image_set(images).epoch_by_epoch(Grouping(largest, groups_per_step, seed, smallest_group=smallest))


def label_groups(
    images: ImageSet,
    label: str,
    group_size: int | tuple[int, int] = 128,
    groups_per_step: int = 1,
    min_group_size: int = 2,
    seed: int = 0,
) -> tf.data.Dataset:
    """Groups of images with the same value of the label, for `fit`: at most `group_size` images, padded.

    Every iteration over the dataset is one epoch with all images, in new groups. With `group_size=(5, 31)` a
    random number of images of each group counts, at least 5, and the mask leaves out the others. Groups with fewer than
    `min_group_size` images are left out.

    Returns:
        Steps of (images [G, B, H, W, C] in [0, 1], mask [G, B]: 0 marks padding).

    Raises:
        UserError: there is no such label, or none of its values has `min_group_size` images.
    """
    smallest, largest = size_range(group_size)
    return images.epoch_by_epoch(Grouping(largest, groups_per_step, seed, label, min_group_size, smallest))


def _image_set(images: ImageSet | np.ndarray) -> ImageSet:
    return images if isinstance(images, ImageSet) else ImageSet(as_bytes(images, "the array"))
