"""Text of a figure: none of it is cut or overprinted, whatever the names; pictures have the pixels of their images."""

import io

import numpy as np
import pytest
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.image import AxesImage
from PIL import Image

from ugvae_tf.plots import bars, curves, dots, histograms, maps, matrix, mosaic, pictures, ranges, thumbnails
from ugvae_tf.plots.page import DPI, write
from ugvae_tf.plots.text import label, width, wrapped

LONG = "Photographs of the summer holidays_in_the_house_of_my_grandmother_$1999$_without_any_space"
SHARES = np.random.default_rng(0).uniform(size=(4, 62))


class Recorder(RendererAgg):
    """Remembers the lines of text that are drawn, and their boxes: left, upper, right and lower end in dots."""

    def __init__(self, *arguments) -> None:
        super().__init__(*arguments)
        self.lines: list[str] = []
        self.boxes: list[tuple[float, ...]] = []

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None) -> None:
        assert angle in (0, 90) and not ismath
        long, high, descent = self.get_text_width_height_descent(s, prop, ismath)
        above = high - descent
        self.lines.append(s)
        self.boxes.append(
            (x, y - above, x + long, y + descent) if angle == 0 else (x - above, y - long, x + descent, y)
        )


def check(figure, dpi: int = 100) -> None:
    """Every line of text is inside of the figure, and no two overlap by more than a dot."""
    figure.set_dpi(dpi)
    recorder = Recorder(*figure.bbox.size, figure.dpi)
    figure.draw(recorder)
    boxes, lines = np.array(recorder.boxes), recorder.lines
    outside = (boxes[:, :2] < -1).any(axis=1) | (boxes[:, 2:] > figure.bbox.size + 1).any(axis=1)
    assert not outside.any(), [lines[place] for place in np.flatnonzero(outside)]
    common = np.minimum(boxes[:, None, 2:], boxes[:, 2:]) - np.maximum(boxes[:, None, :2], boxes[:, :2])
    pairs = np.argwhere(np.triu((common > 1).all(axis=-1), 1))
    assert not len(pairs), [(lines[first], lines[second]) for first, second in pairs]


def names(count: int) -> list[str]:
    return [f"{LONG} {place}" for place in range(count)]


def line(end: float) -> np.ndarray:
    return np.array([[1, 0, -1, 1], [497, end, end - 1, end + 1]])


ROWS = {name: bars.Bar(value, value - 0.1, value + 0.1) for name, value in zip(names(4), (1, -3, -0.2, 0), strict=True)}
HISTORY = {f"{side}{name}": np.array([-1e5]) for side in ("", "val_") for name in ("kl_z", "loss", "kl_a_long_name")}
POINTS, IMAGES = SHARES.reshape(-1, 2)[:62], np.full((3, 7, 5, 4, 1), 0.5)
FIGURES = {
    "bars": lambda: bars.bars(ROWS, LONG, LONG, LONG[:30], limits=(-1, 1), chance=0.1),
    "points": lambda: bars.points(ROWS, LONG, LONG, LONG[:30]),
    "dots of 62": lambda: dots.dots(names(62), {"a": SHARES[0], LONG: -9 * SHARES[1]}, LONG, LONG, "x", (-1, 1)),
    "ranges": lambda: ranges.ranges(dict.fromkeys(names(3), (1.0, 10000.0)), LONG, LONG, "x"),
    "map of 10": lambda: maps.scatter(POINTS[:10], np.array(names(10)), LONG, LONG, [POINTS[:5]]),
    "map of 62": lambda: maps.scatter(POINTS, np.arange(62).astype(str), LONG, LONG),
    "matrix of 10": lambda: matrix.count_matrix((99999 * SHARES[:, :10].T).astype(int), names(10), LONG, LONG),
    "matrix of 62": lambda: matrix.count_matrix(np.eye(62, 80, dtype=int), list(map(str, range(62))), LONG, LONG),
    "curves": lambda: curves.curves({name: line(9.0) for name in names(6)}, LONG, LONG, ("x", "y"), level=0.0),
    "history": lambda: curves.training_curves({"epoch": np.arange(1), **HISTORY}, LONG),
    "histograms of 10": lambda: histograms.histograms(SHARES[:, :10], SHARES[:, :10], names(10), LONG, LONG, "label"),
    "histograms of 5": lambda: histograms.histograms(SHARES[:3, :5], SHARES[:3, :5], list("abcde"), "h", "c", "label"),
    "histograms of 62": lambda: histograms.histograms(SHARES[:1], SHARES[:1], names(62), LONG, LONG, "label"),
    "thumbnails": lambda: thumbnails.thumbnails(POINTS, np.ones((62, 4, 4, 1)), LONG, LONG),
    "pictures": lambda: pictures.image_grid(
        IMAGES,
        LONG,
        names(3),
        "from left to right",
        "from top to bottom",
        caption=LONG,
        column_labels=names(7),
        image_labels=["0.0012"] * 21,
        row_blocks=[1],
        column_blocks=[2],
    ),
    "many columns": lambda: pictures.image_grid(np.full((4, 16, 49, 49, 1), 0.5), LONG, names(4), caption=LONG),
    "a narrow picture": lambda: pictures.image_grid(IMAGES[:, :1], LONG, names(3), caption=LONG),
}


@pytest.mark.parametrize("name", FIGURES)
def test_no_text_is_cut_or_overprinted(name):
    check(FIGURES[name]())


@pytest.mark.parametrize("name", ["bars", "pictures"])
def test_nor_at_the_resolution_of_files(name):
    """Characters are rounded to whole dots, which are wider in the others."""
    check(FIGURES[name](), DPI)


def test_lines_fit_and_keep_all_words():
    text = f"{LONG} {LONG}"
    for inches in (0.5, 2.0, 7.0):
        lines = wrapped(text, inches, 9).splitlines()
        assert max(width(line, 9) for line in lines) <= inches
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert wrapped("short", 2.0, 9) == "short"


def test_a_long_label_keeps_both_ends():
    assert label("short", 2.0) == "short"
    found = label(f"{LONG} 17", 2.0, lines=1)
    assert found.startswith("Photo") and found.endswith("17") and width(found, 9) <= 2.0
    assert label(LONG, 1.0, lines=2).count("\n") == 1


def test_a_file_has_twice_the_dots_of_a_screen(tmp_path):
    figure = bars.bars(ROWS, "heading", "caption", "x")
    write(figure, tmp_path / "figure.png")
    size = Image.open(tmp_path / "figure.png").size
    np.testing.assert_allclose(size, 240 * figure.get_size_inches(), atol=1)
    assert DPI == 240


def test_a_picture_has_the_pixels_of_its_images(tmp_path):
    """Each pixel of an image is a square of equal dots in the file; an image with NaN is white."""
    images = np.random.default_rng(1).integers(256, size=(2, 3, 5, 4, 3)) / 255
    images[1, 2, 0, 0] = np.nan
    figure = pictures.image_grid(images, "heading", ["a", "b"], caption="caption")
    picture = np.asarray(figure.axes[0].images[0].get_array())
    across = mosaic.Places.of(3, (size := pixel_size(picture)) * 4, mosaic.GAP, ())
    down = mosaic.Places.of(2, size * 5, mosaic.GAP, ())
    for row, column in np.ndindex(2, 3):
        top, left = down.starts[row] + mosaic.BORDER, across.starts[column] + mosaic.BORDER
        part = picture[top : top + 5 * size, left : left + 4 * size]
        expected = np.full((5, 4, 3), 255) if (row, column) == (1, 2) else (images[row, column] * 255).round()
        np.testing.assert_array_equal(part, expected.repeat(size, axis=0).repeat(size, axis=1))
    write(figure, tmp_path / "picture.png")
    file = np.asarray(Image.open(tmp_path / "picture.png"))[..., :3]
    is_first = (file[:, :, None] == picture[20, 20]).all(axis=-1)
    assert is_first.sum() >= size**2


def test_a_picture_is_whole_in_a_file_and_resampled_at_other_resolutions():
    images = np.random.default_rng(2).random((2, 3, 5, 4, 3))
    ours, theirs = (pictures.image_grid(images, "heading", ["a", "b"], caption="caption") for _ in range(2))
    [image] = theirs.axes[0].images
    picture = np.asarray(image.get_array())
    image.remove()
    theirs.axes[0].imshow(picture, interpolation="nearest", aspect="auto")
    np.testing.assert_array_equal(file_of(ours, 100), file_of(theirs, 100))
    found = file_of(ours, DPI)
    left, low, _, _ = (ours.axes[0].get_position().extents * np.tile(found.shape[1::-1], 2)).round().astype(int)
    within_a_dot = [
        found[: len(found) - low + dot, left:][-len(picture) :, : picture.shape[1], :3] for dot in (-1, 0, 1)
    ]
    assert any(np.array_equal(part, picture) for part in within_a_dot)


@pytest.mark.parametrize("name", ["pictures", "many columns", "a narrow picture", "thumbnails"])
def test_no_picture_is_resampled_in_a_file(monkeypatch, name):
    figure, resampled = FIGURES[name](), []
    monkeypatch.setattr(AxesImage, "make_image", lambda *_, **__: resampled.append(name) or (None, 0, 0, None))
    file_of(figure, DPI)
    assert figure.findobj(AxesImage) and not resampled
    file_of(figure, 100)
    assert resampled


def file_of(figure, dpi: int) -> np.ndarray:
    figure.savefig(file := io.BytesIO(), dpi=dpi)
    return np.asarray(Image.open(file))


def pixel_size(picture: np.ndarray) -> int:
    """The dots of a pixel, from the width of a mosaic of three images of four pixels."""
    return (picture.shape[1] - 3 * (2 * mosaic.BORDER + mosaic.GAP)) // 12


def test_a_frame_reaches_into_the_gaps_and_leaves_the_image():
    images, framed = np.zeros((1, 2, 3, 3, 1)), np.array([[True, False]])
    across, down = mosaic.Places.of(2, 30, mosaic.GAP, ()), mosaic.Places.of(1, 30, mosaic.GAP, ())
    picture = mosaic.mosaic(images, down, across, framed)
    is_frame, is_black = ((picture == colour).all(axis=-1) for colour in (mosaic.FRAME, (0, 0, 0)))
    assert is_frame[:, : across.starts[1]].sum() > 4 * 30 and not is_frame[:, across.starts[1] + 1 :].any()
    assert is_black.sum() == 2 * 900


@pytest.mark.parametrize("count", [1, 7, 9, 19, 22])
def test_only_the_last_row_of_images_is_not_full(count):
    """So that the label of an image, which is found by its place, is below it."""
    rows = pictures.filled_rows(np.arange(count, dtype=float).reshape(-1, 1, 1, 1), 8)
    assert rows.ravel()[:count].tolist() == list(range(count)) and np.isnan(rows.ravel()[count:]).all()


def test_missing_images_of_a_row_are_nan():
    rows = pictures.rows_of([np.zeros((2, 3, 3, 1)), np.ones((5, 3, 3, 1))], 4)
    assert rows.shape == (2, 4, 3, 3, 1)
    assert np.isnan(rows[0, 2:]).all() and not np.isnan(rows[0, :2]).any() and (rows[1] == 1).all()
