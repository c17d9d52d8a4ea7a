"""Images in rows and columns."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure


def image_grid(
    images: np.ndarray, title: str, row_labels: Sequence[str] = (), column_title: str = "", row_title: str = ""
) -> Figure:
    """Images in rows and columns, as one picture with thin gaps.

    Args:
        images: [rows, columns, H, W, C] in [0, 1], one or three channels.
        row_labels: one for each row, or none.
        column_title: the variable that changes from left to right.
        row_title: the variable that changes from top to bottom.
    """
    rows, columns, height, width, _ = images.shape
    figure = Figure(figsize=(1.4 + 0.5 * columns * width / height, 1.1 + 0.5 * rows), layout="constrained")
    axes = figure.add_subplot()
    picture = _draw_images(axes, images)
    axes.set_title(title, fontsize=11)
    axes.set_xlabel(column_title)
    axes.set_ylabel(row_title)
    axes.set_yticks((np.arange(len(row_labels)) + 0.5) * len(picture) / rows - 0.5, row_labels)
    return figure


def grid_of_grids(grids: np.ndarray, title: str, columns: int = 5) -> Figure:
    """The grids of all components in one figure.

    Args:
        grids: [K, rows, columns, H, W, C] in [0, 1].
    """
    rows = -(-len(grids) // columns)
    figure = Figure(figsize=(1.9 * columns, 0.5 + 2.1 * rows), layout="constrained")
    figure.suptitle(title)
    for component, axes in enumerate(figure.subplots(rows, columns, squeeze=False).flat):
        if component < len(grids):
            _draw_images(axes, grids[component])
            axes.set_title(f"d = {component}", fontsize=9)
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
