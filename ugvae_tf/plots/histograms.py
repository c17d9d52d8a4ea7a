"""Label histograms of groups."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from ugvae_tf.plots.page import WIDTH, Legend, finished
from ugvae_tf.plots.palette import COLOURS
from ugvae_tf.plots.text import NORMAL, SMALL, label, widest

SIDES = ("given images", "generated images")
MANY = 12  # labels, from which on a panel has a row of its own
NAME = 1.2  # inches of the longest label


def histograms(
    given: np.ndarray, generated: np.ndarray, names: Sequence[str], heading: str, caption: str, x_title: str
) -> Figure:
    """Label histograms of groups, those of given images beside those of generated ones, a panel for each group.

    Args:
        given: [groups, V], shares.
        generated: [groups, V]
        names: of the V labels.
    """
    texts, columns = [label(name, NAME, SMALL, lines=1) for name in names], 1 if len(names) > MANY else 2
    rows = -(-len(given) // columns)
    slot = (WIDTH / columns - 0.8) / len(names)
    is_turned = widest(texts, SMALL) > 1.1 * slot
    figure = Figure((WIDTH, rows * (1.5 + (widest(texts, SMALL) if is_turned else 0.0))), layout="constrained")
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False).flat
    for place, axes in enumerate(panels):
        if place < len(given):
            _draw(axes, given[place], generated[place])
            axes.set_title(f"group {place + 1}", fontsize=NORMAL, loc="left")
            axes.set_xticks(range(len(texts)), texts, fontsize=SMALL, rotation=90 if is_turned else 0)
            axes.set_xlabel(x_title, fontsize=NORMAL)
            axes.set_ylabel("share of images", fontsize=NORMAL)
        else:
            axes.set_axis_off()
    return finished(figure, heading, caption, Legend([Patch(color=colour) for colour in COLOURS[:2]], SIDES))


def _draw(axes: Axes, given: np.ndarray, generated: np.ndarray) -> None:
    for side, values in enumerate((given, generated)):
        axes.bar(np.arange(len(values)) + 0.4 * (side - 0.5), values, 0.38, color=COLOURS[side])
    axes.tick_params(axis="y", labelsize=SMALL)
    axes.tick_params(axis="x", length=0)
    axes.set_xlim(-0.6, len(values) - 0.4)
    axes.spines[["top", "right"]].set_visible(False)
