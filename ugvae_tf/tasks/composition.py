"""Composition: prediction of a group's label histogram from its code."""

import numpy as np

from ugvae_tf.datasets.image_set import ImageSet
from ugvae_tf.evaluation import sampling
from ugvae_tf.evaluation.composition import composition_r2
from ugvae_tf.plots import charts
from ugvae_tf.serving.codes import MEANINGS, ImageCodes, group_codes
from ugvae_tf.tasks.context import Context, Report

GROUPS = 2000  # default of `groups`: training groups; the test has a quarter as many
CONCENTRATION = 1.0  # of the Dirichlet of the skewed groups: all proportions are equally likely
DRAWS = {"random": "groups drawn at random", "skewed": "label proportions from a Dirichlet"}


def report(context: Context) -> Report:
    """Held-out R2 of a ridge regression from the code to the true label histogram."""
    metrics: dict[str, float] = {}
    for draw in DRAWS:
        train = _groups(context, context.train, context.train_codes, draw, 4)
        test = _groups(context, context.held_out, context.held_out_codes, draw, 1)
        names = [str(value) for value in np.unique(context.labels(context.train))]
        for feature in filter(train.__contains__, MEANINGS):
            scores = composition_r2(train[feature], train["histogram"], test[feature], test["histogram"], names)
            metrics.update({f"{draw}_{feature}_{name}": score for name, score in scores.items()})
    figure = charts.composition_bars(
        metrics, DRAWS, _told(metrics), "Prediction of a group's label histogram from its code"
    )
    return Report(metrics, {"composition": figure}, _table(metrics))


def _groups(context: Context, images: ImageSet, codes: ImageCodes, draw: str, quarters: int) -> dict[str, np.ndarray]:
    """Codes and true histograms of new groups."""
    random = context.generator(quarters, draw == "skewed")
    groups, labels = max(2, (context.request.groups or GROUPS) * quarters // 4), context.labels(images)
    if draw == "random":
        members = sampling.random_members(len(images), groups, context.largest, random)
    else:
        members = sampling.skewed_members(labels, groups, context.largest, CONCENTRATION, random)
    members = context.resized(members, random)
    found = group_codes(codes, members)
    histogram = sampling.histogram(labels, members, np.unique(context.labels(context.train)))
    return found.features | {"histogram": histogram}


def _told(metrics: dict[str, float]) -> dict[str, str]:
    """The codes that the model has, with their descriptions."""
    return {name: meaning for name, meaning in MEANINGS.items() if f"random_{name}_r2_mean" in metrics}


def _table(metrics: dict[str, float]) -> str:
    lines = ["Held-out R2 of a group's label histogram, mean over the labels", ""]
    lines.append(f"{'':28}" + "".join(f"{meaning:>38}" for meaning in DRAWS.values()))
    for feature, meaning in _told(metrics).items():
        lines.append(f"{meaning:28}" + "".join(f"{metrics[f'{draw}_{feature}_r2_mean']:>38.3f}" for draw in DRAWS))
    return "\n".join(lines)
