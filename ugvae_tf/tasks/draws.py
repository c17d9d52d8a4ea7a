"""Sampling of groups of one split: at random, with skewed proportions of a label, or by a label."""

import numpy as np

from ugvae_tf.datasets.image_set import ImageSet
from ugvae_tf.evaluation import sampling
from ugvae_tf.tasks.context import Context

CONCENTRATIONS = (0.3, 1.0)  # of the Dirichlet of the skewed groups' proportions


def draws(context: Context) -> dict[str, str]:
    """The draws that the labels allow, with their descriptions; random groups are always included."""
    found = {"random": "random groups"}
    if context.label_name in context.held_out.labels and context.label_name != context.group_label:
        name = context.label_name
        found |= {f"dirichlet_{c:g}": f"proportions of {name} from Dirichlet({c:g})" for c in CONCENTRATIONS}
    if context.group_label is not None:
        found["by_label"] = f"groups by {context.group_label}"
    return found


def drawn(
    context: Context, draw: str, images: ImageSet, groups: int, size: int, random: np.random.Generator, least: int
) -> np.ndarray:
    """Members [groups, size]; by a label at most `groups`, of values with `least` images or more, padded with -1."""
    if draw == "random":
        return sampling.random_members(len(images), groups, size, random)
    if draw == "by_label":
        return sampling.label_members(images.group_label(context.group_label or ""), groups, size, random, least)
    concentration = float(draw.removeprefix("dirichlet_"))
    return sampling.skewed_members(context.labels(images), groups, size, concentration, random)


def drawn_as_trained(context: Context, images: ImageSet, groups: int, random: np.random.Generator) -> np.ndarray:
    """Members of groups as the model was trained: at random, or by the group label, several of each value.

    Returns:
        [groups, B]; values with fewer images give smaller groups, padded with -1.
    """
    if context.group_label is None:
        return sampling.random_members(len(images), groups, context.largest, random)
    parts: list[np.ndarray] = []
    while sum(map(len, parts)) < groups:
        parts.append(drawn(context, "by_label", images, groups, context.largest, random, least=1))
    return np.concatenate(parts)[:groups]


def most(context: Context, draw: str, images: ImageSet) -> int:
    """The largest group size without an image twice: that of most groups, or of every group."""
    if draw == "random":
        return len(images)
    values = images.group_label(context.group_label or "") if draw == "by_label" else context.labels(images)
    counts = np.unique(values, return_counts=True)[1]
    return int(np.median(counts) if draw == "by_label" else counts.min())
