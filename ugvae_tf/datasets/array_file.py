"""The arrays of an .npz file: images and their labels.

The headers are read first, so that an array larger than the memory is found before it is read.
"""

import math
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.lib import format as npy

from ugvae_tf.datasets.pixels import as_bytes, check_pixels
from ugvae_tf.errors import UserError

GIGABYTE = 10**9
IMAGE = "image"
READERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
LOCAL_HEADER = 30  # bytes of a zip file's header of a member, before its name
LABELS = 1.0  # gigabytes that an array of labels may always have
BLOCK = 1000  # images that are checked at a time
BYTES = 2**20  # that are read at a time


class Header(NamedTuple):
    """What an array is, and where it lies in the file."""

    shape: tuple[int, ...]
    order: str  # C or F
    dtype: np.dtype
    member: zipfile.ZipInfo
    first: int  # bytes of the header in the member

    @property
    def gigabytes(self) -> float:
        """Size in memory."""
        return math.prod(self.shape) * self.dtype.itemsize / GIGABYTE


def read_arrays(file: Path, memory_limit: float = math.inf) -> dict[str, np.ndarray]:
    """`image`, [N, H, W, 1 or 3], and the labels, each [N].

    Images that fit in `memory_limit` gigabytes are uint8 in memory. Larger ones stay in the file and are read where
    they are used: uint8, or floats in [0, 1].

    Raises:
        UserError: the file is invalid, or it is compressed and its images do not fit.
    """
    with opened(file) as archive:
        headers = headers_of(archive)
        if IMAGE not in headers:
            raise UserError(f"{file} has no array 'image': its arrays are {', '.join(headers) or 'none'}.")
        count = headers[IMAGE].shape[:1]
        for name, header in headers.items():
            if name != IMAGE and (header.shape != count or header.dtype.kind not in "biufSU"):
                raise UserError(
                    f"The array '{name}' in {file} is {header.dtype} {header.shape}: a label needs one number, truth "
                    f"value or string for each of the {count[0] if count else 1} images."
                )
        most = max(memory_limit, LABELS)
        if large := [name for name, header in headers.items() if name != IMAGE and header.gigabytes > most]:
            raise UserError(
                f"The array '{large[0]}' in {file} needs {headers[large[0]].gigabytes:.3g} gigabytes: give a larger "
                "`memory_limit`, or leave the array out of the file."
            )
        labels = {name: _read(archive, header) for name, header in headers.items() if name != IMAGE}
        return {IMAGE: _images(file, archive, headers[IMAGE], memory_limit), **labels}


def label_arrays(file: Path) -> dict[str, np.ndarray]:
    """The arrays [N] other than `image`, which is not read."""
    with opened(file) as archive:
        return {
            name: _read(archive, header)
            for name, header in headers_of(archive).items()
            if name != IMAGE and len(header.shape) == 1
        }


@contextmanager
def opened(file: Path) -> Iterator[zipfile.ZipFile]:
    """The open file; errors in it become a UserError."""
    if not file.is_file():
        raise UserError(f"`data_dir={file}` is not a file: give the .npz file that holds the images.")
    if not zipfile.is_zipfile(file):
        raise UserError(f"{file} is not an .npz file (pickled files are refused): write it with numpy.savez.")
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive
    except UserError:
        raise
    except (ValueError, OSError, EOFError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
        raise UserError(
            f"{file} cannot be read ({error}): it is damaged or holds pickled objects, which are refused; "
            "write plain numbers and strings with numpy.savez."
        ) from error


def headers_of(archive: zipfile.ZipFile) -> dict[str, Header]:
    """Of all arrays by name; raises ValueError for one that is not what its header says."""
    found = {}
    for member in archive.infolist():
        with archive.open(member) as content:
            version = npy.read_magic(content)
            if version not in READERS:
                raise ValueError(f"{member.filename} has a header of version {version}")
            shape, is_fortran, dtype = READERS[version](content)
            header = Header(shape, "F" if is_fortran else "C", dtype, member, content.tell())
        if dtype.hasobject:
            raise ValueError(f"{member.filename} has objects")
        if header.first + math.prod(shape) * dtype.itemsize != member.file_size:
            raise ValueError(f"{member.filename} has not the size that its header says")
        found[member.filename.removesuffix(".npy")] = header
    return found


def _read(archive: zipfile.ZipFile, header: Header) -> np.ndarray:
    with archive.open(header.member) as content:
        return npy.read_array(content, allow_pickle=False)


def _images(file: Path, archive: zipfile.ZipFile, header: Header, memory_limit: float) -> np.ndarray:
    name = f"'image' in {file}"
    if header.gigabytes <= memory_limit:
        return as_bytes(_read(archive, header), name)
    if header.member.compress_type != zipfile.ZIP_STORED:
        raise UserError(
            f"{name} needs {header.gigabytes:.3g} gigabytes: give a larger `memory_limit`, or write the file with "
            "numpy.savez, not compressed, and its images are read where they lie."
        )
    _check_sum(archive, header)
    images = np.memmap(file, header.dtype, "r", _offset(file, header), header.shape, order=header.order)  # type: ignore[call-overload]
    images = images[..., np.newaxis] if images.ndim == 3 else images
    for first in range(0, max(1, len(images)), BLOCK):
        check_pixels(images[first : first + BLOCK], name)
    return images


def _check_sum(archive: zipfile.ZipFile, header: Header) -> None:
    """Read the array once; raises BadZipFile if its checksum is not the one in the file."""
    with archive.open(header.member) as content:
        while content.read(BYTES):
            pass


def _offset(file: Path, header: Header) -> int:
    """The first byte of an array that is stored without compression."""
    with file.open("rb") as content:
        content.seek(header.member.header_offset)
        local = content.read(LOCAL_HEADER)
    lengths = int.from_bytes(local[26:28], "little") + int.from_bytes(local[28:30], "little")  # of name and extra field
    return header.member.header_offset + LOCAL_HEADER + lengths + header.first
