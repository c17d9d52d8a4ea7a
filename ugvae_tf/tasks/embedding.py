"""Embedding: t-SNE of group codes and of image codes, coloured by label."""

import numpy as np

from ugvae_tf.evaluation import sampling
from ugvae_tf.evaluation.categories import value_categories
from ugvae_tf.evaluation.projection import tsne
from ugvae_tf.plots.maps import scatter
from ugvae_tf.serving.codes import MEANINGS, group_codes
from ugvae_tf.tasks import unlabelled
from ugvae_tf.tasks.context import Context, Report

GROUPS_PER_LABEL = 30  # default of `groups`
IMAGES = 2000


def report(context: Context) -> Report:
    """t-SNE of groups of one label each and of random groups by q(beta), and of images by q(z)."""
    if not unlabelled.is_labelled(context):
        return unlabelled.embedding(context)
    random, labels = context.generator(), context.labels(context.held_out)
    groups = context.request.groups or GROUPS_PER_LABEL
    values = value_categories(labels, context.request.attribute_values[1])
    members = [context.members(value, context.held_out, groups, random) for value in values]
    members.append(sampling.random_members(len(labels), groups, context.largest, random))
    codes = group_codes(context.held_out_codes, context.resized(np.concatenate(members), random))
    categories = np.repeat([*(value.name for value in values), "random"], groups)
    shown = random.permutation(len(labels))[:IMAGES]
    group_points = tsne(codes.code, context.request.seed)
    image_points = tsne(context.held_out_codes.z_mean[shown], context.request.seed)
    meaning = MEANINGS[next(iter(codes.features))]
    figures = {
        "groups": scatter(
            group_points,
            categories,
            "Codes of groups of one label each, and of random groups",
            f"Each point is a group of {context.group_size} held-out images, by the {meaning}.",
        ),
        "images": scatter(
            image_points,
            labels[shown].astype(str),
            "Codes of single images, by label",
            f"Each point is one of {len(shown):,} held-out images, by the mean of q(z).",
        ),
        "thumbnails": unlabelled.image_map(context, context.generator(1)),
    }
    metrics = {
        "groups_neighbour_agreement": _neighbour_agreement(codes.code, categories),
        "images_neighbour_agreement": _neighbour_agreement(context.held_out_codes.z_mean[shown], labels[shown]),
    }
    lines = ["Share of points whose nearest neighbour, in the code itself, has the same label", ""]
    lines += [f"groups, {meaning:24} {metrics['groups_neighbour_agreement']:.3f}"]
    lines += [f"images, {'mean of q(z)':24} {metrics['images_neighbour_agreement']:.3f}"]
    return Report(metrics, figures, "\n".join(lines))


def _neighbour_agreement(codes: np.ndarray, labels: np.ndarray) -> float:
    """Leave-one-out accuracy of the nearest neighbour."""
    squares = (codes**2).sum(axis=1)
    distances = squares[:, np.newaxis] + squares - 2 * codes @ codes.T
    np.fill_diagonal(distances, np.inf)
    return float((labels[distances.argmin(axis=1)] == labels).mean())
