"""Images in rows and columns."""

from collections.abc import Sequence
from textwrap import fill

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

FRAME = "#EE7733"  # orange, which colour-blind readers see beside black, white and grey


def image_grid(
    images: np.ndarray,
    title: str,
    row_labels: Sequence[str] = (),
    column_title: str = "",
    row_title: str = "",
    framed: np.ndarray | None = None,
) -> Figure:
    """Images in rows and columns, as one picture with thin gaps.

    Args:
        images: [rows, columns, H, W, C] in [0, 1], one or three channels.
        row_labels: one for each row, or none.
        column_title: the variable that changes from left to right.
        row_title: the variable that changes from top to bottom.
        framed: [rows, columns], whether an image has a frame.
    """
    rows, columns, height, width, _ = images.shape
    across = 0.5 * columns * width / height  # inches, as all sizes here
    beside = max(1.4, 0.5 + 0.09 * max(map(len, row_labels), default=0))
    title = fill(title, max(30, round(11 * across)))  # characters of that size in an inch
    figure = Figure((beside + across, 0.8 + 0.5 * rows + 0.2 * title.count("\n")), layout="constrained")
    axes = figure.add_subplot()
    picture = _draw_images(axes, images)
    axes.set_anchor("E")  # what the picture does not fill is left to the labels of its rows
    axes.set_title(title, fontsize=11)
    axes.set_xlabel(column_title)
    axes.set_ylabel(row_title)
    tall, wide = picture.shape[0] / rows, picture.shape[1] / columns
    for row, column in np.argwhere(framed) if framed is not None else ():
        corner = column * wide - 0.5, row * tall - 0.5
        axes.add_patch(Rectangle(corner, wide, tall, fill=False, edgecolor=FRAME, linewidth=2))
    axes.set_yticks((np.arange(len(row_labels)) + 0.5) * len(picture) / rows - 0.5, row_labels)
    return figure


def rows_of(groups: Sequence[np.ndarray], columns: int) -> np.ndarray:
    """The first images of each group [B, H, W, C] as a row, grey where it ends: [groups, columns, H, W, C]."""
    columns = min(columns, max(len(group) for group in groups))
    missing = [(0, max(0, columns - len(group))) for group in groups]
    return np.stack(
        [
            np.pad(group[:columns], (pad, (0, 0), (0, 0), (0, 0)), constant_values=0.5)
            for group, pad in zip(groups, missing, strict=True)
        ]
    )


def grid_of_grids(grids: np.ndarray, title: str, names: Sequence[str], columns: int = 5) -> Figure:
    """The grids of several components in one figure.

    Args:
        grids: [components, rows, columns, H, W, C] in [0, 1].
        names: of the components.
    """
    rows = -(-len(grids) // columns)
    figure = Figure(figsize=(1.9 * columns, 0.8 + 2.1 * rows), layout="constrained")
    figure.suptitle(title, fontsize=11)
    for component, axes in enumerate(figure.subplots(rows, columns, squeeze=False).flat):
        if component < len(grids):
            _draw_images(axes, grids[component])
            axes.set_title(names[component], fontsize=9)
        else:
            axes.set_axis_off()
    return figure


def _draw_images(axes: Axes, images: np.ndarray) -> np.ndarray:
    """Draw images [rows, columns, H, W, C] with thin gaps; returns the picture [height, width, C]."""
    rows, columns, height, width, channels = images.shape
    gap = max(1, height // 14)
    padded = np.pad(images, ((0, 0), (0, 0), (gap, gap), (gap, gap), (0, 0)), constant_values=0.5)
    tall, wide = height + 2 * gap, width + 2 * gap
    picture = padded.transpose(0, 2, 1, 3, 4).reshape(rows * tall, columns * wide, channels).clip(0, 1)
    axes.imshow(picture[..., 0] if channels == 1 else picture, cmap="gray", vmin=0, vmax=1)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return picture
