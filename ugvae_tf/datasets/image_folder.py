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


def list_images(folder: Path) -> tuple[list[ImageFile], list[str]]:
    """All images below the folder by path, and what cannot be read: folders, names that are not UTF-8, pipes, devices.

    Raises:
        UserError: there are no images, or images at different depths.
    """
    paths, unreadable = image_paths(folder)
    others = [path for path in paths if len(path.parts) != len(paths[0].parts)]
    if others or len(paths[0].parts) > 3:
        raise UserError(f"{folder} holds {paths[0]} and {(others or paths)[-1]}: arrange all its images as {LAYOUTS}.")
    has_splits = _has_splits({path.parts[0] for path in paths}, len(paths[0].parts))
    if has_splits and all(path.parts[0] != "train" for path in paths):
        raise UserError(f"{folder} has no folder `train`: arrange its images as {LAYOUTS}.")
    return [_image_file(path, has_splits) for path in paths], unreadable


def image_paths(folder: Path) -> tuple[list[Path], list[str]]:
    """All images below the folder, at any depth, sorted, relative to it; and what cannot be read, as `list_images`.

    Raises:
        UserError: there are no images.
    """
    if not folder.is_dir():
        raise UserError(f"`data_dir={folder}` is not a folder: give the one that holds the images.")
    unreadable: list[str] = []
    found = sorted(path for path in _files_below(folder, unreadable) if _is_image(path))
    unreadable += [shown(folder / path) for path in found if not _is_readable(folder / path)]
    paths = [path for path in found if _is_readable(folder / path)]
    if not paths:
        if unreadable:
            raise UserError(f"{folder} has no image that can be read: {unreadable[0]} cannot.")
        raise UserError(f"{folder} has no images: put {', '.join(SUFFIXES)} files there, as {LAYOUTS}.")
    return paths, unreadable


def _files_below(folder: Path, unreadable: list[str]) -> Iterator[Path]:
    """Paths relative to the folder, also through links; `unreadable` gets the folders that cannot be listed."""

    def note(error: OSError) -> None:
        unreadable.append(shown(error.filename))

    for place, _, names in os.walk(folder, onerror=note, followlinks=True):
        yield from (Path(place, name).relative_to(folder) for name in names)


def _is_image(path: Path) -> bool:
    """Whether the name is that of an image; hidden files, such as those of macOS, are not images."""
    return path.suffix.lower() in SUFFIXES and not any(part.startswith(".") for part in path.parts)


def _is_readable(path: Path) -> bool:
    """Whether this is a file, not a pipe or a device, and its name is UTF-8, as TensorFlow's are."""
    try:
        str(path).encode()
        return path.is_file()
    except (UnicodeEncodeError, OSError):
        return False


def shown(path: str | Path) -> str:
    """The path as text that can be printed."""
    return os.fsencode(path).decode(errors="replace")


def _has_splits(tops: set[str], depth: int) -> bool:
    """Whether the top folders are splits: above folders of labels, or `train` alone or with a held-out folder."""
    return depth == 3 or (depth == 2 and "train" in tops and (len(tops) == 1 or not tops.isdisjoint(HELD_OUT)))


def _image_file(path: Path, has_splits: bool) -> ImageFile:
    folders = path.parts[:-1]
    split = folders[0] if has_splits else None
    labels = folders[1:] if has_splits else folders
    return ImageFile(path.as_posix(), split, labels[0] if labels else None)
