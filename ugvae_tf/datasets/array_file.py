"""The arrays of an .npz file: images and their labels."""

import zipfile
import zlib
from pathlib import Path

import numpy as np

from ugvae_tf.datasets.pixels import as_bytes
from ugvae_tf.errors import UserError


def read_arrays(file: Path) -> dict[str, np.ndarray]:
    """`image`, uint8 [N, H, W, 1 or 3], and the labels, each [N]; raises UserError if the file is invalid."""
    columns = _load(file)
    if "image" not in columns:
        raise UserError(f"{file} has no array 'image': its arrays are {', '.join(columns) or 'none'}.")
    columns["image"] = as_bytes(columns["image"], f"'image' in {file}")
    for name, column in columns.items():
        if name != "image" and (column.shape != columns["image"].shape[:1] or column.dtype.kind not in "biufSU"):
            raise UserError(
                f"The array '{name}' in {file} is {column.dtype} {column.shape}: a label needs one number, truth value "
                f"or string for each of the {len(columns['image'])} images."
            )
    return columns


def _load(file: Path) -> dict[str, np.ndarray]:
    if not file.is_file():
        raise UserError(f"`data_dir={file}` is not a file: give the .npz file that holds the images.")
    if not zipfile.is_zipfile(file):
        raise UserError(f"{file} is not an .npz file (pickled files are refused): write it with numpy.savez.")
    try:
        with np.load(file, allow_pickle=False) as arrays:
            return {name: np.asarray(arrays[name]) for name in arrays.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise UserError(
            f"{file} cannot be read ({error}): it is damaged or holds pickled objects, which are refused; "
            "write plain numbers and strings with numpy.savez."
        ) from error
