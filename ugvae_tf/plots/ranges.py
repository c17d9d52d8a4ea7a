"""Quantities that are known up to a lower and an upper bound."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from ugvae_tf.plots.bars import label_rows
from ugvae_tf.plots.page import WIDTH, Legend, finished
from ugvae_tf.plots.palette import COLOURS
from ugvae_tf.plots.text import label

NAME = 3.0  # inches of the longest name
LOOKS: tuple[dict[str, Any], ...] = (
    {"color": COLOURS[0]},
    {"facecolor": "white", "edgecolor": COLOURS[0], "hatch": "////", "linewidth": 0.8},
)


def ranges(rows: Mapping[str, tuple[float, float]], heading: str, caption: str, x_title: str) -> Figure:
    """A bar for each row: filled up to the lower bound, hatched from there to the upper one."""
    figure = Figure((WIDTH, 0.55 + 0.42 * len(rows)), layout="constrained")
    axes = figure.add_subplot()
    places, (low, high) = np.arange(len(rows)), np.transpose(list(rows.values()))
    axes.barh(places, low, 0.65, **LOOKS[0])
    axes.barh(places, high - low, 0.65, left=low, **LOOKS[1])
    axes.set_xlim(0, 1.05 * max(high.max(), 1e-9))
    values = [f"{a:.2f}" if a == b else f"{a:.2f} to {b:.2f}" for a, b in rows.values()]
    label_rows(axes, [label(name, NAME) for name in rows], values, x_title)
    handles = [Patch(**look) for look in LOOKS]
    return finished(figure, heading, caption, Legend(handles, ("up to the lower bound", "between the bounds")))
