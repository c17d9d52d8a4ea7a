"""Images in rows and columns."""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ugvae_tf.plots.exact_image import draw_exactly
from ugvae_tf.plots.mosaic import BORDER, GAP, Places, mosaic
from ugvae_tf.plots.page import DPI, MARGIN, WIDTH, finished
from ugvae_tf.plots.text import NORMAL, SMALL, label, widest
from ugvae_tf.plots.text import height as height_of

SMALLEST, LARGEST = 0.28, 0.6  # inches of an image; the least is for two lines of a label
NARROWEST = 5.0  # inches of a figure
NAME = 1.5  # inches of the longest label of a row
LINE = 0.22  # inches of a line of labels or a title beside the images


def image_grid(
    images: np.ndarray,
    heading: str,
    row_labels: Sequence[str] = (),
    column_title: str = "",
    row_title: str = "",
    framed: np.ndarray | None = None,
    *,
    caption: str = "",
    column_labels: Sequence[str] = (),
    image_labels: Sequence[str] = (),
    row_blocks: Sequence[int] = (),
    column_blocks: Sequence[int] = (),
) -> Figure:
    """Images in rows and columns, each of their pixels a square of the same size.

    Args:
        images: [rows, columns, H, W, C] in [0, 1], one or three channels; nothing is drawn for one with NaN.
        row_labels: one for each row, or none.
        column_title: the variable that changes from left to right.
        row_title: the variable that changes from top to bottom.
        framed: [rows, columns], whether an image has a frame.
        caption: how to read the picture.
        column_labels: one for each column, or none.
        image_labels: below the images, row after row.
        row_blocks: rows before which there is a gap.
        column_blocks: columns before which there is a gap.
    """
    rows, columns, height, width, _ = images.shape
    names = [label(name, NAME) for name in row_labels]
    left = MARGIN + (LINE if row_title else 0.0) + (widest(names, NORMAL) + 0.08 if names else 0.0)
    times = _times(columns, width, (WIDTH - left - MARGIN) * DPI)
    across = Places.of(columns, times * width, GAP, column_blocks)
    down = Places.of(rows, times * height, GAP + (round(LINE * DPI) if image_labels else 0), row_blocks)
    heads = [label(name, (across.size + GAP) / DPI, SMALL) for name in column_labels]
    above = max((height_of(head, SMALL) for head in heads), default=0.0) + 0.06
    below = LINE if column_title else 0.0
    wide, tall = max(NARROWEST, left + across.length / DPI + MARGIN), above + down.length / DPI + below
    figure = Figure((wide, tall))
    axes = figure.add_axes((left / wide, below / tall, across.length / DPI / wide, down.length / DPI / tall))
    frames = np.zeros((rows, columns), bool) if framed is None else framed
    draw_exactly(axes, mosaic(images, down, across, frames))
    _label(axes, (across, down), (heads, names), (column_title, row_title))
    _label_images(axes, (across, down), image_labels)
    return finished(figure, heading, caption)


def _times(columns: int, width: int, pixels: float) -> int:
    """How many dots a pixel of an image gets, so that the images about fill the page; SMALLEST widens the page."""
    fitting = min(pixels / columns - GAP - 2 * BORDER, LARGEST * DPI)
    return max(round(fitting / width), math.ceil(SMALLEST * DPI / width))


def _label(
    axes: Axes, places: tuple[Places, Places], labels: tuple[Sequence[str], Sequence[str]], titles: tuple[str, str]
) -> None:
    axes.set_xticks(places[0].middles if labels[0] else [], labels[0], fontsize=SMALL)
    axes.set_yticks(places[1].middles if labels[1] else [], labels[1], fontsize=NORMAL)
    axes.tick_params(length=0, top=True, bottom=False, labeltop=True, labelbottom=False)
    axes.spines[:].set_visible(False)
    axes.set_xlabel(titles[0], fontsize=NORMAL)
    axes.set_ylabel(titles[1], fontsize=NORMAL)


def _label_images(axes: Axes, places: tuple[Places, Places], labels: Sequence[str]) -> None:
    across, down = places
    for place, text in enumerate(labels):
        row, column = divmod(place, len(across.starts))
        x, y = across.middles[column], down.starts[row] + down.size + 4
        axes.text(x, y, label(text, across.size / DPI, SMALL, lines=1), fontsize=SMALL, ha="center", va="top")


def filled_rows(images: np.ndarray, columns: int) -> np.ndarray:
    """Images [N, H, W, C] in rows that are full but for the last one, as `rows_of` has them."""
    return rows_of([images[start : start + columns] for start in range(0, len(images), columns)], columns)


def rows_of(groups: Sequence[np.ndarray], columns: int) -> np.ndarray:
    """The first images of each group [B, H, W, C] as a row, NaN where it ends: [groups, columns, H, W, C]."""
    columns = min(columns, max(len(group) for group in groups))
    missing = [(0, max(0, columns - len(group))) for group in groups]
    return np.stack(
        [
            np.pad(group[:columns], (pad, (0, 0), (0, 0), (0, 0)), constant_values=np.nan)
            for group, pad in zip(groups, missing, strict=True)
        ]
    )
