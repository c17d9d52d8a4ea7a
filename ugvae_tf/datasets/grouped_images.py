"""Images in a stream, each in a group: what `encode` reads."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ugvae_tf.datasets.image_reader import Chunk
from ugvae_tf.datasets.pixels import as_bytes
from ugvae_tf.datasets.resizing import batch_of_shape
from ugvae_tf.errors import UserError

Shape = tuple[int, int, int]
ONE_GROUP = "all"  # the name of the group of images that have no groups


@dataclass(frozen=True)
class GroupedImages:
    """N images in G groups; the images are read when they are used."""

    group_names: np.ndarray  # [G], sorted: names or numbers
    groups: np.ndarray  # [N], the place in `group_names` of each image's group
    names: Sequence[str] | range  # of the images: paths, or their indices
    read: Callable[[Shape, int], Iterator[Chunk]]  # the shape of a model's images, images in a chunk -> chunks
    grouped: bool = True  # False: all are in one group, because they have no groups

    def __len__(self) -> int:
        return len(self.groups)


def numbered(values: Iterable[object]) -> tuple[np.ndarray, np.ndarray]:
    """The distinct values, sorted [G], and the place of each value among them [N]."""
    places: dict[object, int] = {}
    numbers = np.array([places.setdefault(value, len(places)) for value in values], np.intp)
    distinct, order = np.unique(np.array(list(places)), return_inverse=True)
    return distinct, order[numbers]


def one_group(count: int) -> tuple[np.ndarray, np.ndarray]:
    """As `numbered`, for `count` images without groups: one group."""
    return np.array([ONE_GROUP]), np.zeros(count, np.intp)


def of_array(images: np.ndarray, groups: np.ndarray | None = None) -> GroupedImages:
    """Images [N, H, W, C] or [N, H, W], uint8 or floats in [0, 1], and the group of each [N].

    Raises:
        UserError: another shape, type or range, or another number of groups than of images.
    """
    pixels = as_bytes(images, "the array")
    if groups is not None and np.shape(groups) != (len(pixels),):
        raise UserError(f"`group_by` has shape {np.shape(groups)}: give a group for each of the {len(pixels)} images.")
    names, numbers = one_group(len(pixels)) if groups is None else np.unique(groups, return_inverse=True)

    def read(shape: Shape, size: int) -> Iterator[Chunk]:
        for start in range(0, len(pixels), size):
            images = batch_of_shape(pixels[start : start + size], shape)
            yield Chunk(np.arange(start, start + len(images)), images)

    return GroupedImages(names, numbers, range(len(pixels)), read, groups is not None)
