"""Two values for each of many rows as dots, with their numbers at the right."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ugvae_tf.plots.bars import label_rows
from ugvae_tf.plots.page import WIDTH, Legend, finished
from ugvae_tf.plots.palette import COLOURS, GREY
from ugvae_tf.plots.text import label

NAME = 2.6  # inches of the longest name
LOOKS = ((COLOURS[0], "o"), ("#777777", "D"))  # of the two series


def dots(
    names: Sequence[str],
    series: Mapping[str, np.ndarray],
    heading: str,
    caption: str,
    x_title: str,
    limits: tuple[float, float],
) -> Figure:
    """A row for each name, with a dot for each of two series; a dot beyond a limit is an arrow there.

    Args:
        series: name of each -> its values [names].
    """
    figure = Figure((WIDTH, 0.55 + 0.2 * len(names)), layout="constrained")
    axes = figure.add_subplot()
    axes.hlines(range(len(names)), *limits, color=GREY, linewidth=0.3)
    for values, (colour, marker) in zip(series.values(), LOOKS, strict=True):
        shown, places = values.clip(*limits), np.arange(len(values))
        for symbol, there in ((marker, values == shown), ("<", values < shown), (">", values > shown)):
            axes.scatter(shown[there], places[there], marker=symbol, color=colour, s=36, clip_on=False, zorder=3)
    margin = 0.02 * (limits[1] - limits[0])
    axes.set_xlim(limits[0] - margin, limits[1] + margin)
    numbers = ["  /  ".join(f"{value:.2f}" for value in row) for row in zip(*series.values(), strict=True)]
    label_rows(axes, [label(name, NAME, lines=1) for name in names], numbers, x_title)
    handles = [Line2D([], [], color=colour, marker=marker, linestyle="") for colour, marker in LOOKS]
    return finished(figure, heading, caption, Legend(handles, list(series)))
