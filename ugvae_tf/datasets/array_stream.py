"""The rows of the array `image` of an .npz file, read a few at a time."""

import math
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ugvae_tf.datasets.array_file import IMAGE, Header, headers_of, opened
from ugvae_tf.datasets.pixels import as_bytes
from ugvae_tf.errors import UserError


def image_count(file: Path) -> int:
    """The number of images; raises UserError if there is no array `image`, or it cannot be streamed."""
    with opened(file) as archive:
        return _header(archive, file).shape[0]


def image_rows(file: Path, size: int) -> Iterator[np.ndarray]:
    """Images uint8 [n, H, W, C], at most `size` at a time, in their order; the file is never in memory as a whole.

    Raises:
        UserError: the array is damaged, or is not uint8 or floats in [0, 1] of a shape [N, H, W] or [N, H, W, C].
    """
    with opened(file) as archive:
        header = _header(archive, file)
        bytes_of_row = math.prod(header.shape[1:]) * header.dtype.itemsize
        with archive.open(header.member) as stream:
            stream.read(header.first)
            for start in range(0, header.shape[0], size):
                rows = min(size, header.shape[0] - start)
                content = stream.read(rows * bytes_of_row)
                images = np.frombuffer(content, header.dtype).reshape(rows, *header.shape[1:])
                yield as_bytes(images, f"'image' in {file}")


def _header(archive: zipfile.ZipFile, file: Path) -> Header:
    headers = headers_of(archive)
    if IMAGE not in headers:
        raise UserError(f"{file} has no array 'image': its arrays are {', '.join(headers) or 'none'}.")
    if headers[IMAGE].order == "F" and len(headers[IMAGE].shape) > 1:
        raise UserError(f"'image' in {file} is in Fortran order: write numpy.ascontiguousarray of it.")
    if not headers[IMAGE].shape:
        raise UserError(f"'image' in {file} is one number: it has to be [N, H, W] or [N, H, W, C].")
    return headers[IMAGE]
