"""The figures of the task `generate`."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from ugvae_tf.evaluation.label_classifier import SURE
from ugvae_tf.plots import histograms as charts
from ugvae_tf.plots import pictures
from ugvae_tf.plots.bars import Bar, bars
from ugvae_tf.tasks.context import Context

SHOWN = 6  # groups in a figure
COLUMNS = 16  # images of each
Images = list[np.ndarray]  # of each group [B, H, W, C] in [0, 1]


def recognised(metrics: Mapping[str, float], sources: Mapping[str, str], label: str) -> Figure:
    """The share of the images of each source whose label the classifier is sure of."""
    kinds = {"real": "data"}
    rows = {
        meaning: Bar.of(metrics, f"recognised_{name}", kinds.get(name, "learned")) for name, meaning in sources.items()
    }
    return bars(
        rows,
        "Images that a classifier recognises",
        f"Share of images with a value of '{label}' of probability above {SURE:g}, by a classifier of real training "
        f"images that is right for {metrics['classifier_accuracy']:.1%} of the held-out ones. Black lines: 95 % "
        "intervals over the groups.",
        "share of the images of a group",
        form=".3f",
    )


def histograms(given: np.ndarray, generated: np.ndarray, values: list[str], meaning: str, label: str) -> Figure:
    """Label histograms of some groups [groups, V]."""
    return charts.histograms(
        given[:SHOWN],
        generated[:SHOWN],
        values,
        f"Labels of given and of generated images: {meaning}",
        "Each panel is a held-out group, beside as many images generated from its beta, by the labels that a "
        "classifier predicts for them. Equal bars: the group's beta tells its labels.",
        label,
    )


def groups(context: Context, members: np.ndarray, images: Mapping[str, Images]) -> Figure:
    """Some groups, each above the images generated from its beta."""
    rows = [images[name][place] for place in range(min(SHOWN, len(members))) for name in ("real", "posterior")]
    values = context.held_out.labels.get(context.group_label or "")
    names = [f"group {place + 1}" if values is None else str(values[row[0]]) for place, row in enumerate(members)]
    return pictures.image_grid(
        pictures.rows_of(rows, COLUMNS),
        "Held-out groups, each above new images from its beta",
        [text for name in names[:SHOWN] for text in (name, "generated")],
        caption="Only beta is taken from the group: d ~ p(d | beta) and z ~ p(z | d, beta) are drawn anew, so the "
        "images in a column do not correspond.",
        row_blocks=range(0, len(rows), 2),
    )


def prior(groups: Images) -> Figure:
    """New groups, a row each."""
    rows = pictures.rows_of(groups[: 2 * SHOWN], COLUMNS)
    labels = [f"new group {place + 1}" for place in range(len(rows))]
    caption = "Nothing is given: one beta ~ p(beta) in each row, then d ~ p(d | beta) and z ~ p(z | d, beta)."
    return pictures.image_grid(rows, "New groups of images from the prior", labels, caption=caption)
