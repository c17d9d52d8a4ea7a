"""Decoded images of a prepared data set, kept in files that later starts map into memory."""

import hashlib
import os
import shutil
import zipfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import numpy as np
import tensorflow as tf

from ugvae_tf.datasets.source import IMAGE, Columns, Source
from ugvae_tf.progress import phase

CACHE = "UGVAE_TF_CACHE"  # the variable that sets the folder
IMAGES, LABELS = f"{IMAGE}.npy", "labels.npz"
FORMAT = "1"  # of the files; another one is another fingerprint
PIECE = 1 << 20  # bytes that are read at a time


def cache_folder() -> Path:
    """The folder of all kept sets: UGVAE_TF_CACHE, or `ugvae_tf/images` in the user's cache."""
    users = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get(CACHE) or Path(users) / "ugvae_tf" / "images")


def fingerprint(files: Iterable[Path], *names: str) -> str:
    """Of the content of the records of a set, of its features and of the split, as 32 hexadecimal digits."""
    found = hashlib.blake2b("\n".join([FORMAT, *names]).encode(), digest_size=16)
    for file in files:
        with file.open("rb") as records:
            while piece := records.read(PIECE):
                found.update(piece)
    return found.hexdigest()


def decoded_once(source: Source, records: Iterable[Path], *names: str) -> Source:
    """The source with its images decoded: mapped from the kept files, which the first call writes.

    Damaged files are written again. Where the folder cannot be written, or the set cannot be decoded, the
    source stays as it is: the error is reported where the images are read.

    Args:
        records: files of the set; with the names, they determine the images.
    """
    with suppress(tf.errors.OpError, OSError, AssertionError, ValueError):
        folder = cache_folder() / fingerprint(records, *names)
        columns = _mapped(folder, source.count)
        if columns is None:
            with phase(f"Decoding {source.count:,} images, kept for later"):
                _write(folder, source.columns())
            columns = _mapped(folder, source.count)
        if columns is not None:
            return Source.of(columns)
    return source


def _mapped(folder: Path, count: int) -> Columns | None:
    """The kept arrays, or None if they are missing or damaged."""
    try:
        images = np.asarray(np.load(folder / IMAGES, mmap_mode="r", allow_pickle=False))
        with (folder / LABELS).open("rb") as file, np.load(file, allow_pickle=False) as labels:
            columns = {IMAGE: images, **{key: labels[key] for key in labels.files}}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
        return None
    return columns if all(len(column) == count for column in columns.values()) else None


def _write(folder: Path, columns: Columns) -> None:
    """Put the folder in place by one rename, so that another process sees whole files or none."""
    labels = dict(columns)
    aside = folder.with_name(f".{folder.name}.{os.getpid()}.partial")
    aside.mkdir(parents=True)
    try:
        np.save(aside / IMAGES, labels.pop(IMAGE), allow_pickle=False)
        np.savez(aside / LABELS, **labels)  # type: ignore[arg-type]
        shutil.rmtree(folder, ignore_errors=True)  # a damaged one
        aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
