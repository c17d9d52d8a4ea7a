"""Images in a stream, each in a group: what `encode` reads."""

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ugvae_tf.datasets.image_reader import Chunk, merged, read_files
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
    names: Sequence[str | int]  # of the images: paths, or their indices
    read: Callable[[Shape, int], Iterator[Chunk]]  # the shape of a model's images, images in a chunk -> chunks
    grouped: bool = True  # False: all are in one group, because they have no groups
    files: Sequence[Path] | None = None  # of the images, if each is a file
    unreadable: Sequence[str] = ()  # what was found beside the images, but cannot be read: folders, pipes

    def __len__(self) -> int:
        return len(self.groups)

    def only(self, places: np.ndarray) -> "GroupedImages":
        """Some of the images, by their indices in increasing order, in the same groups."""
        names = [self.names[place] for place in places]
        if self.files is not None:
            return of_files([self.files[place] for place in places], self.group_names, self.groups[places], names)
        read = functools.partial(_chosen, self.read, places)
        return replace(self, groups=self.groups[places], names=names, read=read)

    def of_group(self, name: object) -> np.ndarray:
        """The indices of a group's images; raises UserError if there is no such group."""
        found = np.flatnonzero(self.group_names.astype(str) == str(name))
        if not len(found):
            shown = ", ".join(map(str, self.group_names[:5])) + (", ..." if len(self.group_names) > 5 else "")
            raise UserError(f"There is no group '{name}': the groups are {shown}.")
        return np.flatnonzero(self.groups == found[0])


def of_files(
    files: Sequence[Path], group_names: np.ndarray, groups: np.ndarray, names: Sequence[str | int], grouped: bool = True
) -> GroupedImages:
    """Images in files, in the groups `group_names[groups]`."""

    def read(shape: Shape, size: int) -> Iterator[Chunk]:
        return merged(read_files(files, shape), size)

    return GroupedImages(group_names, groups, names, read, grouped, files)


def _chosen(
    read: Callable[[Shape, int], Iterator[Chunk]], places: np.ndarray, shape: Shape, size: int
) -> Iterator[Chunk]:
    """The images at some places, which get new indices from 0; reading ends after the last one."""
    left = len(places)
    for chunk in read(shape, size) if left else ():
        there = np.isin(chunk.places, places)
        if there.any():
            yield Chunk(np.searchsorted(places, chunk.places[there]), chunk.images[there])
            left -= int(there.sum())
        if left == 0:
            return


def numbered(values: Iterable[object]) -> tuple[np.ndarray, np.ndarray]:
    """The distinct values, sorted [G], and the place of each value among them [N]."""
    places: dict[object, int] = {}
    numbers = np.array([places.setdefault(value, len(places)) for value in values], np.intp)
    distinct, order = np.unique(_names(np.array(list(places))), return_inverse=True)
    return distinct, order[numbers]


def _names(values: np.ndarray) -> np.ndarray:
    """The values [N] of groups as numbers, truth values or text: pandas has objects, some files have bytes."""
    if values.dtype.kind in "biufU":
        return values
    return np.array(
        [v.decode("utf-8", "backslashreplace") if isinstance(v, bytes) else str(v) for v in values.tolist()]
    )


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
    names, numbers = (
        one_group(len(pixels)) if groups is None else np.unique(_names(np.asarray(groups)), return_inverse=True)
    )

    def read(shape: Shape, size: int) -> Iterator[Chunk]:
        for start in range(0, len(pixels), size):
            images = batch_of_shape(pixels[start : start + size], shape)
            yield Chunk(np.arange(start, start + len(images)), images)

    return GroupedImages(names, numbers, range(len(pixels)), read, groups is not None)
