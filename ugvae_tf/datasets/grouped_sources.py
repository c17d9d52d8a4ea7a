"""Images and their groups by a name or a place: a folder, a manifest, an .npz file, or a data set by its name."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ugvae_tf.config import DataConfig
from ugvae_tf.datasets.array_file import label_arrays
from ugvae_tf.datasets.array_stream import image_count, image_rows
from ugvae_tf.datasets.grouped_images import GroupedImages, Shape, numbered, of_files, one_group
from ugvae_tf.datasets.image_folder import image_paths
from ugvae_tf.datasets.image_reader import Chunk
from ugvae_tf.datasets.label_table import in_order_of, read_table, typed
from ugvae_tf.datasets.resizing import batch_of_shape, of_shape
from ugvae_tf.datasets.source import Source
from ugvae_tf.datasets.sources import find_source
from ugvae_tf.errors import UserError

Split = Literal["all", "train", "held-out"]


def of_place(place: Path, group_by: str | None = None) -> GroupedImages:
    """Images of the user's own, by the kind of `place`.

    - a folder: a group for every folder with images below it, named by its path; or, with `group_by`, a column of
      its attributes.csv
    - an .npz file: `group_by` is one of its arrays; the default is the array `group`, if there is one
    - a manifest, a .csv file: a column `path` (in the manifest's folder, or absolute); `group_by` is another one, the
      default is the column `group`, if there is one

    Images without groups are one group. Raises UserError if there is no such place, column or array.
    """
    if place.suffix == ".npz":
        return of_npz(place, group_by)
    if place.suffix == ".csv":
        return of_manifest(place, group_by)
    return of_folder(place, group_by)


def of_folder(folder: Path, group_by: str | None = None) -> GroupedImages:
    """The images below a folder, at any depth, in the order of their paths."""
    paths, unreadable = image_paths(folder)
    names = [path.as_posix() for path in paths]
    if group_by is None:
        folders = {path.parent.as_posix() for path in paths}
        is_flat = folders == {"."}
        groups = one_group(len(paths)) if is_flat else numbered(path.parent.as_posix() for path in paths)
    else:
        is_flat, table = False, folder / "attributes.csv"
        if not table.exists():
            raise UserError(f"`group_by={group_by}` needs a column of {table}, and there is no such file.")
        groups = numbered(_column(in_order_of(names, read_table(table), table), group_by, table).tolist())
    images = of_files([folder / path for path in paths], *groups, names, not is_flat)
    return replace(images, unreadable=unreadable)


def of_manifest(file: Path, group_by: str | None = None) -> GroupedImages:
    """The images that a CSV file names, in its order."""
    table = read_table(file)
    names = list(_column(table, "path", file))
    if not names:
        raise UserError(f"{file} names no image: give a row for each, such as path,group.")
    name = group_by or ("group" if "group" in table else None)
    values = {key: typed(cells) for key, cells in table.items() if key == name}
    groups = one_group(len(names)) if name is None else numbered(_column(values or table, name, file).tolist())
    return of_files([file.parent / path for path in names], *groups, names, name is not None)


def of_npz(file: Path, group_by: str | None = None) -> GroupedImages:
    """The images of the array `image`, which are read row by row."""
    if not file.is_file():
        raise UserError(f"`data_dir={file}` is not a file: give the .npz file that holds the images.")
    total, labels = image_count(file), label_arrays(file)
    name = group_by or ("group" if "group" in labels else None)
    groups = one_group(total) if name is None else numbered(_column(labels, name, file).tolist())
    if len(groups[1]) != total:
        raise UserError(f"The array '{name}' in {file} has {len(groups[1])} values for {total} images.")

    def read(shape: Shape, size: int) -> Iterator[Chunk]:
        start = 0
        for images in image_rows(file, size):
            yield Chunk(np.arange(start, start + len(images)), batch_of_shape(images, shape))
            start += len(images)

    return GroupedImages(*groups, range(total), read, name is not None)


def of_dataset(
    name: str, group_by: str | None = None, split: Split = "all", data_dir: str | None = None
) -> GroupedImages:
    """The images of a data set that ships, or of TFDS; images are named `split/place`."""
    splits = ["train", "held-out"] if split == "all" else [split]
    sources = [find_source(DataConfig(name, data_dir), name, each) for each in splits]
    names = [f"{each}/{place}" for each, source in zip(splits, sources, strict=True) for place in range(source.count)]
    if group_by is None:
        groups = one_group(len(names))
    else:
        columns = [_column(source.labels(), group_by, name) for source in sources]
        groups = numbered(np.concatenate(columns).tolist())

    def read(shape: Shape, size: int) -> Iterator[Chunk]:
        start = count(0)
        for images in (images for source in sources for images in _batches(source, shape, size)):
            yield Chunk(np.array([next(start) for _ in images]), images)

    return GroupedImages(*groups, names, read, group_by is not None)


def _batches(source: Source, shape: Shape, size: int) -> Iterator[np.ndarray]:
    fitted = source.map(lambda example: {"image": of_shape(example["image"], shape)})
    return (batch["image"].numpy() for batch in fitted.examples.batch(size).prefetch(2))


def _column(columns: Mapping[str, Any], name: str, place: Path | str) -> Any:
    """A column by its name; raises UserError if there is no such column, or its values are measurements."""
    if name not in columns:
        known = ", ".join(sorted(columns)) or "none"
        raise UserError(f"{place} has no column '{name}': it has {known}.")
    if getattr(columns[name], "dtype", np.dtype(str)).kind == "f":
        raise UserError(f"`group_by={name}` is a measurement, and groups need categories: choose another column.")
    return columns[name]
