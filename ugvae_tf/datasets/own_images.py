"""The user's images: a folder of image files, or an .npz file."""

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import tensorflow as tf

from ugvae_tf.datasets.array_file import read_arrays
from ugvae_tf.datasets.image_files import decoded, undecodable
from ugvae_tf.datasets.image_folder import HELD_OUT, ImageFile, list_images
from ugvae_tf.datasets.label_table import in_order_of, read_table, typed
from ugvae_tf.datasets.pixels import to_bytes
from ugvae_tf.datasets.source import Columns, Example, Source, as_it_is
from ugvae_tf.errors import UserError

SEED = 0  # of the order, and of the tenth that is held out


def folder_source(folder: Path, split: str, corrupt: Literal["stop", "skip"] | None = "stop") -> Source:
    """The `train` or `held-out` images of a folder in one of three layouts, in a constant order.

    - TFDS's ImageFolder: FOLDER/train/<label>/*.png and FOLDER/test (or validation, val)/<label>/*.png
    - a folder for each label: FOLDER/<label>/*.png
    - flat: FOLDER/*.png

    Without a held-out folder, a tenth of the images is held out, the same one every time. FOLDER/attributes.csv
    adds labels: a column `file` (the path in FOLDER), others with strings, numbers or true/false.

    Args:
        corrupt: `stop` raises UserError for an image that cannot be decoded, `skip` leaves it out; None reads no image.
    """
    images, unreadable = list_images(folder)
    if unreadable and corrupt == "stop":
        raise UserError(
            f"{unreadable[0]} cannot be read, the first of {len(unreadable)} such: replace, rename or delete these, or "
            "leave them out with `corrupt=skip`."
        )
    if unreadable and corrupt == "skip":
        print(f"Left out {len(unreadable)} files or folders that cannot be read; the first is {unreadable[0]}.")
    labels = _labels(folder, images)
    chosen = _of_split(images, split)
    if corrupt is not None:
        chosen = _decodable(folder, images, chosen, corrupt)
    if len(chosen) == 0:
        raise UserError(f"{folder} has no images for the split '{split}': give it at least two images.")
    files = np.array([str(folder / images[index].path) for index in chosen])
    labels = {name: column[chosen] for name, column in labels.items()}
    return Source(tf.data.Dataset.from_tensor_slices({"image": files, **labels}), len(chosen), _read)


def npz_source(file: Path, split: str, memory_limit: float = math.inf) -> Source:
    """The `train` or the `held-out` images of an .npz file; a tenth is held out, the same one every time.

    Array `image` is [N, H, W, C] or [N, H, W], uint8 or floats in [0, 1]; the other arrays, [N], are labels. A CSV
    file with the same name (faces.csv for faces.npz) adds labels, one row per image in the same order.

    Args:
        memory_limit: gigabytes; a larger array stays in the file, and an image is read when it is decoded.
    """
    columns = read_arrays(file, memory_limit)
    table = file.with_suffix(".csv")
    if os.path.lexists(table):
        columns = _joined(columns, {name: typed(cells) for name, cells in read_table(table).items()}, table)
    chosen = split_of(np.arange(len(columns["image"])), split)
    if len(chosen) == 0:
        raise UserError(f"{file} has one image only: give at least two, so that one can be held out.")
    if isinstance(columns["image"], np.memmap):
        images, columns = columns["image"], columns | {"image": np.arange(len(columns["image"]))}
        return _source(columns, chosen, lambda example: {**example, "image": _pixels(images, example["image"])})
    return _source(columns, chosen)


def _source(columns: Columns, chosen: np.ndarray, decode: Callable[[Example], Example] = as_it_is) -> Source:
    examples = {name: _taken(name, column[chosen]) for name, column in columns.items()}
    return Source(tf.data.Dataset.from_tensor_slices(examples), len(chosen), decode)


def _taken(name: str, column: np.ndarray) -> tf.Tensor:
    """The column as TensorFlow has it; raises UserError for a type or a text that it has not."""
    try:
        return tf.constant(column.astype(column.dtype.newbyteorder("="), copy=False))
    except (TypeError, ValueError, tf.errors.OpError) as error:
        raise UserError(
            f"The label '{name}' is {column.dtype}, and TensorFlow cannot take it: use whole numbers, float32 or text "
            "in UTF-8."
        ) from error


def _pixels(images: np.ndarray, place: tf.Tensor) -> tf.Tensor:
    """One image of a file, uint8 [H, W, C]."""
    read = tf.numpy_function(lambda place: to_bytes(images[place]), [place], tf.uint8)
    return tf.ensure_shape(read, images.shape[1:])


def _read(example: Example) -> Example:
    return {**example, "image": decoded(tf.io.read_file(example["image"]))}


def _labels(folder: Path, images: list[ImageFile]) -> dict[str, np.ndarray]:
    """Columns [N] in the order of the images: the folder of each, and the columns of attributes.csv."""
    labels = {} if images[0].label is None else {"label": np.array([image.label for image in images])}
    table = folder / "attributes.csv"
    if not os.path.lexists(table):
        return labels
    return _joined(labels, in_order_of([image.path for image in images], read_table(table), table), table)


def _joined(columns: dict[str, np.ndarray], more: dict[str, np.ndarray], table: Path) -> dict[str, np.ndarray]:
    taken = {"image", *columns} & more.keys()
    if taken:
        raise UserError(f"The column '{min(taken)}' of {table} is there already: rename it.")
    if "image" in columns and any(len(column) != len(columns["image"]) for column in more.values()):
        raise UserError(f"{table} needs a row for each of the {len(columns['image'])} images, in their order.")
    return {**columns, **more}


def _of_split(images: list[ImageFile], split: str) -> np.ndarray:
    """The indices of the split's images, shuffled."""
    splits = np.array([image.split or "train" for image in images])
    held_out = next((name for name in HELD_OUT if name in splits), None)
    if held_out is None:
        return split_of(np.flatnonzero(splits == "train"), split)
    places = np.flatnonzero(splits == ("train" if split == "train" else held_out))
    return np.random.default_rng(SEED).permutation(places)


def split_of(places: np.ndarray, split: str) -> np.ndarray:
    """The split's part of the indices, shuffled: a tenth of them is held out, the same one every time."""
    shuffled = np.random.default_rng(SEED).permutation(places)
    held_out = max(1, round(len(places) / 10))
    return shuffled[held_out:] if split == "train" else shuffled[:held_out]


def _decodable(folder: Path, images: list[ImageFile], chosen: np.ndarray, corrupt: str) -> np.ndarray:
    """`chosen` without the images that cannot be decoded; raises UserError for these if `corrupt` is `stop`."""
    found = undecodable([folder / images[index].path for index in np.sort(chosen)])
    if not found:
        return chosen
    if corrupt == "stop":
        raise UserError(
            f"{found[0]} cannot be decoded, the first of {len(found)} such among {len(chosen)} images: "
            "replace or delete the damaged images, or leave them out with `corrupt=skip`."
        )
    print(f"Left out {len(found)} of {len(chosen)} images that cannot be decoded; the first is {found[0]}.")
    damaged = {file.relative_to(folder).as_posix() for file in found}
    return np.array([index for index in chosen if images[index].path not in damaged], np.intp)
