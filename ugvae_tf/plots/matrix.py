"""A matrix of counts as shares of its columns."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from ugvae_tf.plots.page import WIDTH, finished
from ugvae_tf.plots.text import NORMAL, SMALL, label, widest

CELL = 0.19  # inches
NAME = 2.0  # inches of the longest label


def count_matrix(
    counts: np.ndarray,
    labels: Sequence[str],
    heading: str,
    caption: str,
    what: str = "label",
    use: str = "are the most probable one of an image",
) -> Figure:
    """Counts [labels, K] of images of each label in each component, drawn as shares of the component.

    Components are sorted by their main label, with their counts; those without an image are left out, and named in
    the caption.

    Args:
        counts: whole numbers [labels, K].
        what: a label is.
        use: what the components that are drawn have in common.
    """
    totals = counts.sum(axis=0)
    used, unused = np.flatnonzero(totals), np.flatnonzero(totals == 0)
    shares = counts[:, used] / totals[used]
    order = np.lexsort((-shares.max(axis=0), shares.argmax(axis=0)))
    names = [label(name, NAME, lines=1) for name in labels]
    columns = [f"{d}  ({totals[d]:,})" for d in used[order]]
    size = (
        max(WIDTH, widest(names, NORMAL) + 1.6 + CELL * len(used)),
        0.5 + widest(columns, SMALL) + CELL * len(labels),
    )
    figure = Figure(size, layout="constrained")
    axes = figure.add_subplot()
    picture = axes.imshow(shares[:, order], cmap="cividis", vmin=0, vmax=1, aspect="auto")
    axes.set_yticks(range(len(names)), names, fontsize=NORMAL)
    axes.set_ylabel(what, fontsize=NORMAL)
    axes.set_xticks(range(len(columns)), columns, fontsize=SMALL, rotation=90)
    axes.set_xlabel("component d (its number of images)", fontsize=NORMAL)
    axes.tick_params(length=0)
    bar = figure.colorbar(picture, label="share of the component's images", pad=0.01, aspect=30)
    bar.ax.tick_params(labelsize=NORMAL)
    left_out = f"{len(used)} of {len(totals)} components {use}. "
    if len(unused):
        left_out += f"Without an image, and left out: {', '.join(map(str, unused))}. "
    return finished(figure, heading, left_out + caption)
