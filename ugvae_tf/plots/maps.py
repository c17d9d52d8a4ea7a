"""Maps by t-SNE: points with a colour and a marker for each category, and paths among them."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ugvae_tf.plots.page import WIDTH, Legend, finished
from ugvae_tf.plots.palette import GREY, style

TSNE = "t-SNE places similar codes near each other; the axes have no unit, and far distances have no meaning."
PARTS = 4  # of all points, in each of which categories hide those before them
MANY = 500  # points, from which on they are smaller
ENDS = {"start of a path": "white", "end of a path": "black"}  # colours


def scatter(
    points: np.ndarray,
    categories: np.ndarray,
    heading: str,
    caption: str,
    paths: Sequence[np.ndarray] = (),
    background: str = "random",
) -> Figure:
    """Points in the plane, in random order, so that no category hides the others.

    Args:
        points: [N, 2]
        categories: [N] names.
        caption: what a point is; the meaning of t-SNE is added.
        paths: each [steps, 2].
        background: the category that is grey, below the others.
    """
    figure = Figure((WIDTH, 5.0), layout="constrained")
    axes = figure.add_subplot()
    names = sorted(set(categories.tolist()) - {background})
    styles = {name: style(place) for place, name in enumerate(names)}
    if background in categories:
        styles[background] = GREY, "o"
    _draw_points(axes, points, categories, styles)
    handles = [Line2D([], [], color=colour, marker=marker, linestyle="") for colour, marker in styles.values()]
    legend = Legend(handles, list(styles))
    if len(paths):
        legend = Legend([*handles, *_draw_paths(axes, paths)], [*styles, "path", *ENDS])
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_color(GREY)
    return finished(figure, heading, f"{caption}\n{TSNE}", legend)


def _draw_points(axes: Axes, points: np.ndarray, categories: np.ndarray, styles: dict[str, tuple[str, str]]) -> None:
    size = 9 if len(points) > MANY else 26
    parts = np.random.default_rng(0).integers(PARTS, size=len(points))  # drawn one after the other
    for part in range(PARTS):
        for name, (colour, marker) in styles.items():
            chosen, above = points[(parts == part) & (categories == name)], 1 if colour == GREY else 2
            axes.scatter(
                *chosen.T, s=size, c=colour, marker=marker, alpha=0.85, zorder=above, edgecolors="white", linewidths=0.3
            )


def _draw_paths(axes: Axes, paths: Sequence[np.ndarray]) -> list[Line2D]:
    """Lines with a white start and a black end; returns the handles of a line and of both ends."""
    for path in paths:
        line = axes.plot(*path.T, color="black", linewidth=1.2, marker=".", markersize=4, zorder=3)
        ends = [
            axes.plot(*end, color="black", marker="o", markerfacecolor=face, markersize=8, linestyle="", zorder=4)
            for end, face in zip(path[[0, -1]], ENDS.values(), strict=True)
        ]
    return [*line, *ends[0], *ends[1]]
