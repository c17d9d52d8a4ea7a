"""The figures of the task `composition`."""

import numpy as np
from matplotlib.figure import Figure

from ugvae_tf.evaluation.floors import FLOORS
from ugvae_tf.plots.bars import Bar, bars
from ugvae_tf.plots.dots import dots
from ugvae_tf.tasks.context import Context
from ugvae_tf.tasks.group_features import FEATURES

DRAWS = {"random": "groups drawn at random", "skewed": "label proportions from a Dirichlet"}
LOWEST_R2 = -1.0  # lower end of an axis of R2, which has no lower limit itself
R2 = "R2 is 1 for exact shares, and 0 for the average share in every group; arrows: beyond the axis."


def described(metrics: dict[str, float]) -> dict[str, str]:
    """The features that there are, with their descriptions."""
    return {name: meaning for name, meaning in FEATURES.items() if f"random_{name}_r2_mean" in metrics}


def mean_bars(context: Context, metrics: dict[str, float], draw: str, judged: str) -> Figure:
    """The mean R2 of every code and floor."""
    rows = {
        meaning: Bar.of(metrics, f"{draw}_{name}_r2_mean", "floor" if name in FLOORS else "learned")
        for name, meaning in described(metrics).items()
    }
    return bars(
        rows,
        f"How well the code of a group tells its label histogram: {DRAWS[draw]}",
        f"A ridge regression predicts the share of each label in groups of {context.group_size} held-out images. "
        f"{R2} Black lines: 95 % intervals over the held-out images. {judged}",
        "R2 on unseen groups, mean over the labels",
        limits=(LOWEST_R2, 1.0),
    )


def label_dots(metrics: dict[str, float], draw: str, values: np.ndarray) -> Figure:
    """The R2 of each label that has one, because its share differs between groups: code and best floor."""
    code, meaning = next(iter(described(metrics).items()))
    labels = [str(value) for value in values if f"{draw}_{code}_r2_{value}" in metrics]
    best = max(FLOORS, key=lambda floor: metrics[f"{draw}_{floor}_r2_mean"])
    series = {
        title: np.array([metrics[f"{draw}_{name}_r2_{label}"] for label in labels])
        for name, title in ((code, meaning), (best, FEATURES[best]))
    }
    lowest = min(0.0, *(values.min() for values in series.values()))
    caption = f"{R2} At the right: the values of both. The floor is the one with the best mean."
    heading = f"How well the code of a group tells the share of each label: {DRAWS[draw]}"
    return dots(labels, series, heading, caption, "R2 on unseen groups", (max(lowest, LOWEST_R2), 1.0))
