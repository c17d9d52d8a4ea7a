"""The images in a folder, with their splits and labels from its layout."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ugvae_tf.datasets.image_files import SUFFIXES
from ugvae_tf.errors import UserError

HELD_OUT = ("test", "validation", "val")  # the first existing one is used
LAYOUTS = "FOLDER/*.png, FOLDER/<label>/*.png, FOLDER/train/<label>/*.png with FOLDER/test/<label>/*.png"


class ImageFile(NamedTuple):
    """A file below the folder."""

    path: str  # relative to the folder, with forward slashes
    split: str | None  # None if the folder has no splits
    label: str | None  # None if the images are not in folders of labels


def list_images(folder: Path) -> list[ImageFile]:
    """All images below the folder by path; raises UserError if there are none, or at different depths."""
    if not folder.is_dir():
        raise UserError(f"`data_dir={folder}` is not a folder: give the one that holds the images.")
    paths = sorted(path for path in _files_below(folder) if _is_image(path))
    if not paths:
        raise UserError(f"{folder} has no images: put {', '.join(SUFFIXES)} files there, as {LAYOUTS}.")
    others = [path for path in paths if len(path.parts) != len(paths[0].parts)]
    if others or len(paths[0].parts) > 3:
        raise UserError(f"{folder} holds {paths[0]} and {(others or paths)[-1]}: arrange all its images as {LAYOUTS}.")
    has_splits = _has_splits({path.parts[0] for path in paths}, len(paths[0].parts))
    if has_splits and all(path.parts[0] != "train" for path in paths):
        raise UserError(f"{folder} has no folder `train`: arrange its images as {LAYOUTS}.")
    return [_image_file(path, has_splits) for path in paths]


def _files_below(folder: Path) -> Iterator[Path]:
    """Paths relative to the folder, also through links."""
    for place, _, names in os.walk(folder, followlinks=True):
        yield from (Path(place, name).relative_to(folder) for name in names)


def _is_image(path: Path) -> bool:
    """Whether the name is that of an image; hidden files, such as those of macOS, are not images."""
    return path.suffix.lower() in SUFFIXES and not any(part.startswith(".") for part in path.parts)


def _has_splits(tops: set[str], depth: int) -> bool:
    """Whether the top folders are splits: above folders of labels, or `train` alone or with a held-out folder."""
    return depth == 3 or (depth == 2 and "train" in tops and (len(tops) == 1 or not tops.isdisjoint(HELD_OUT)))


def _image_file(path: Path, has_splits: bool) -> ImageFile:
    folders = path.parts[:-1]
    split = folders[0] if has_splits else None
    labels = folders[1:] if has_splits else folders
    return ImageFile(path.as_posix(), split, labels[0] if labels else None)
