"""Images in place of the points of a map."""

import numpy as np
from matplotlib.figure import Figure

from ugvae_tf.plots.exact_image import draw_exactly
from ugvae_tf.plots.maps import TSNE
from ugvae_tf.plots.page import DPI, MARGIN, WIDTH, finished

FEWEST, MOST = 8, 36  # images along each axis
PIXELS = round((WIDTH - 2 * MARGIN) * DPI)  # of the whole map


def thumbnails(points: np.ndarray, images: np.ndarray, heading: str, caption: str = "") -> Figure:
    """One image for each occupied cell of a grid over the plane, the first one of those in the cell.

    Args:
        points: [N, 2]
        images: [N, H, W, C] in [0, 1], one or three channels.
        caption: what an image is; the meaning of t-SNE is added.
    """
    count = int(np.clip(np.sqrt(len(points)), FEWEST, MOST))
    span = np.maximum(np.ptp(points, axis=0), 1e-9)
    cells = np.minimum((points - points.min(axis=0)) / span * count, count - 1).astype(int)
    _, chosen = np.unique(cells, axis=0, return_index=True)
    size = PIXELS // count
    picture = np.full([count * size, count * size, 3], 255, np.uint8)
    for image, (column, row) in zip(images[chosen], cells[chosen], strict=True):
        top, left = (count - 1 - row) * size, column * size
        picture[top : top + size, left : left + size] = _resized(image, size)
    side = count * size / DPI
    figure = Figure((WIDTH, side))
    axes = figure.add_axes(((WIDTH - side) / 2 / WIDTH, 0, side / WIDTH, 1))
    draw_exactly(axes, picture)
    axes.set_axis_off()
    return finished(figure, heading, f"{caption}\n{TSNE}")


def _resized(image: np.ndarray, size: int) -> np.ndarray:
    """Nearest pixels, with a white margin: bytes [size, size, 1 or 3]."""
    inner = size - 4
    rows, columns = (np.arange(inner) * length // inner for length in image.shape[:2])
    pixels = (image.clip(0, 1) * 255).round().astype(np.uint8)[rows][:, columns]
    return np.pad(pixels, ((2, 2), (2, 2), (0, 0)), constant_values=255)
