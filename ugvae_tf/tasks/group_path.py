"""The way from one group to another where no label defines categories: two named groups, or two far apart."""

import numpy as np
from matplotlib.figure import Figure

from ugvae_tf.codes import symmetric_kl
from ugvae_tf.errors import UserError
from ugvae_tf.evaluation.projection import tsne
from ugvae_tf.plots.maps import scatter
from ugvae_tf.serving.codes import group_codes
from ugvae_tf.tasks import path_pictures
from ugvae_tf.tasks.context import Context, Report
from ugvae_tf.tasks.pairs import Pairs
from ugvae_tf.tasks.unlabelled import groups_of

PATHS = 10  # images along the path between two groups
OTHERS = "other groups"


def report(context: Context) -> Report:
    """The way from one group to another: the two that `between` names, or those whose q(beta) are farthest apart."""
    context.require("has_beta", "beta, which this task moves")
    random = context.generator()
    members = _named(context, random) if context.request.between else groups_of(context, random)
    if len(members) < 2:
        raise UserError("A path needs two groups: give `groups` of 2 or more.")
    codes = group_codes(context.held_out_codes, members)
    distances = symmetric_kl(codes.beta_mean, codes.beta_stddev)
    first, second = divmod(int(distances.argmax()), len(distances))
    ends = members[[first, second]]
    names = [_name(context, group) for group in ends]
    pairs = Pairs.between(context, *(np.stack([_rolled(group, place) for place in range(PATHS)]) for group in ends))
    carried = pairs.along_beta_and_component()
    metrics = {
        "distance": float(distances.max()),
        "median_distance": float(np.median(distances[np.triu_indices(len(distances), 1)])),
        "change_along_beta": float(np.abs(carried[:, -1] - carried[:, 0]).mean()),
    }
    figures = {
        "between": path_pictures.grid(pairs, *names),
        "carried": path_pictures.carried(pairs, *names),
        "path": _map(context, codes.beta_mean, pairs.betas[:, 0], (first, second), names),
    }
    return Report(metrics, figures, _table(metrics, names, len(members)))


def _table(metrics: dict[str, float], names: list[str], groups: int) -> str:
    return "\n".join(
        [
            f"{names[0]} -> {names[1]}, among {groups} groups without labels to compare with",
            "",
            f"symmetric KL of their q(beta)          {metrics['distance']:.1f} nats",
            f"median over all pairs of the groups    {metrics['median_distance']:.1f} nats",
            f"mean absolute change of a pixel        {metrics['change_along_beta']:.3f} of [0, 1] along beta",
        ]
    )


def _named(context: Context, random: np.random.Generator) -> np.ndarray:
    """The two groups of `between`, values of the group label: members [2, B]."""
    if context.group_label is None:
        raise UserError("`between` names two groups, and these images have none: leave it out, or give `group_by`.")
    values = context.held_out.group_label(context.group_label).astype(str)
    names = (context.request.between or "").split(",")
    if len(names) != 2 or not set(names) <= set(values):
        raise UserError(
            f"`between` needs two values of {context.group_label}, such as {','.join(np.unique(values)[:2])}."
        )
    drawn = [random.permutation(np.flatnonzero(values == name))[: context.largest] for name in names]
    return np.stack([np.pad(each, (0, context.largest - len(each)), constant_values=-1) for each in drawn])


def _name(context: Context, group: np.ndarray) -> str:
    if context.group_label is None:
        return f"the random group of image {group[0]}"
    return str(context.held_out.group_label(context.group_label)[group[0]])


def _rolled(group: np.ndarray, place: int) -> np.ndarray:
    """The same group with another image first; padding stays at the end."""
    present = group[group >= 0]
    return np.concatenate([np.roll(present, -place), group[group < 0]])


def _map(context: Context, betas: np.ndarray, way: np.ndarray, ends: tuple[int, int], names: list[str]) -> Figure:
    points = tsne(np.concatenate([betas, way]), context.request.seed)
    categories = np.full(len(betas), OTHERS, dtype="<U64")
    for place, name in zip(ends, names, strict=True):
        categories[place] = name[:64]
    heading = f"Codes of groups, and the path from {names[0]} to {names[1]}"
    caption = f"Each point is a group of up to {context.largest} held-out images, by the mean of q(beta)."
    return scatter(points[: len(betas)], categories, heading, caption, [points[len(betas) :]], OTHERS)
