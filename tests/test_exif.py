"""The EXIF orientation of photographs, beside Pillow's."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from ugvae_tf.datasets.exif import orientation
from ugvae_tf.datasets.image_files import decoded
from ugvae_tf.datasets.image_reader import read_files

BLOCKS = np.kron(np.random.default_rng(0).integers(256, size=(3, 5, 1), dtype=np.uint8), np.ones((16, 16, 1), np.uint8))


def jpeg(turn: int | None, mode: str = "RGB", order: str = "<") -> bytes:
    """A photograph of 3x5 grey blocks."""
    exif, file = Image.Exif(), io.BytesIO()
    exif.endian = order
    if turn is not None:
        exif[0x0112] = turn
    Image.fromarray(BLOCKS[..., 0]).convert(mode).save(file, "JPEG", quality=100, exif=exif)
    return file.getvalue()


@pytest.mark.parametrize("mode", ["RGB", pytest.param("L", marks=pytest.mark.slow)])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("turn", [None, 1, 2, 3, 4, 5, 6, 7, 8])
def test_a_photograph_is_turned_as_pillow_turns_it(turn, order, mode):
    file = jpeg(turn, mode, order)
    with Image.open(io.BytesIO(file)) as image:
        expected = np.asarray(ImageOps.exif_transpose(image)).reshape(*image.size[:: 1 if (turn or 1) > 4 else -1], -1)
    np.testing.assert_allclose(decoded(file).numpy().astype(int), expected.astype(int), atol=3)


@pytest.mark.parametrize("turn", [0, 9, 65535])
def test_other_numbers_are_no_orientation(turn):
    assert orientation(jpeg(turn)) == 1


def test_a_damaged_segment_is_no_error():
    whole = jpeg(6)
    place = whole.index(b"Exif\0\0")
    found = [
        orientation(whole[:damage] + b"\xff\xff\xff\xff" + whole[damage + 4 :]) for damage in range(place, place + 40)
    ]
    assert set(found) == {1, 6}
    assert orientation(whole[: place + 9]) == 1
    assert orientation(b"\xff\xd8") == orientation(b"") == orientation(b"\x89PNG") == 1


def test_files_are_read_upright(tmp_path: Path):
    files = []
    for turn in (1, 6):
        files.append(tmp_path / f"{turn}.jpg")
        files[-1].write_bytes(jpeg(turn))
    (chunk,) = read_files(files, (16, 16, 3))
    first, turned = chunk.images.astype(int)
    np.testing.assert_allclose(turned, np.rot90(first, -1), atol=3)
