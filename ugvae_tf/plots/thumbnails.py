"""Images in place of the points of a scatter plot."""

import numpy as np
from matplotlib.figure import Figure

FEWEST, MOST = 8, 36  # images along each axis
PIXELS = 36  # of an image's side


def thumbnails(points: np.ndarray, images: np.ndarray, title: str) -> Figure:
    """One image for each occupied cell of a grid over the plane, the first one of those in the cell.

    Args:
        points: [N, 2]
        images: [N, H, W, C] in [0, 1], one or three channels.
    """
    count = int(np.clip(np.sqrt(len(points)), FEWEST, MOST))
    span = np.maximum(np.ptp(points, axis=0), 1e-9)
    cells = np.minimum((points - points.min(axis=0)) / span * count, count - 1).astype(int)
    _, chosen = np.unique(cells, axis=0, return_index=True)
    picture = np.ones([count * PIXELS, count * PIXELS, 3])
    for image, (column, row) in zip(images[chosen], cells[chosen], strict=True):
        top, left = (count - 1 - row) * PIXELS, column * PIXELS
        picture[top : top + PIXELS, left : left + PIXELS] = _resized(image)
    figure = Figure(figsize=(9, 9.4), layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(picture.clip(0, 1))
    axes.set_title(title, fontsize=11)
    axes.set_axis_off()
    return figure


def _resized(image: np.ndarray) -> np.ndarray:
    """Nearest pixels, with a white margin: [PIXELS, PIXELS, 1 or 3]."""
    inner = PIXELS - 2
    rows, columns = (np.arange(inner) * size // inner for size in image.shape[:2])
    return np.pad(image[rows][:, columns], ((1, 1), (1, 1), (0, 0)), constant_values=1)
