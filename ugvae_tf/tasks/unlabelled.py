"""What tasks show of images without labels: components, and maps of images and groups."""

import numpy as np
from matplotlib.figure import Figure

from ugvae_tf.errors import UserError
from ugvae_tf.evaluation import sampling
from ugvae_tf.evaluation.projection import tsne
from ugvae_tf.plots import pictures
from ugvae_tf.plots.thumbnails import thumbnails
from ugvae_tf.serving.codes import MEANINGS, group_codes
from ugvae_tf.tasks.context import Context, Report

STRIP = 12  # images of a component
MOST_COMPONENTS = 40  # in the gallery
IMAGES = 2000  # in the embedding
GROUPS = 60  # default of `groups`
TASKS = "interpolation", "embedding"  # which use `group_by` only for images without labels


def is_labelled(context: Context) -> bool:
    """Whether there is a label that defines categories; one that is asked for counts, and may be an error."""
    asked = context.request.attribute or context.request.category_labels
    return bool(asked) or context.label_name in context.held_out.labels


def check_group_by(context: Context) -> None:
    """Raise UserError for a `group_by` that the task does not use, because a label defines its categories."""
    task, group_by = context.request.task, context.request.group_by
    if task in TASKS and group_by and is_labelled(context):
        raise UserError(
            f"The task {task} forms groups by the categories of these images, and by `group_by={group_by}` only where "
            f"no label defines categories: leave it out."
        )


def gallery(context: Context) -> Figure:
    """The most typical held-out images of each component, with its share; components without any are left out."""
    probs = context.held_out_codes.component_probs
    shares, found = probs.mean(axis=0), probs.argmax(axis=1)
    used = np.unique(found)
    shown = used[np.argsort(-shares[used], kind="stable")][:MOST_COMPONENTS]
    strips = []
    for d in shown:
        members = np.flatnonzero(found == d)
        best = members[np.argsort(-probs[members, d], kind="stable")[:STRIP]]
        strips.append(context.held_out.images[best] / 255)
    labels = [f"d = {d}  ({shares[d]:.1%})" for d in shown]
    part = "the" if len(shown) == len(used) else f"{len(shown)} of the"
    return pictures.image_grid(
        pictures.rows_of(strips, STRIP),
        f"Most typical images of {part} {len(used)} components in use",
        labels,
        caption=f"Held-out images with the largest q(d), the most certain first. In brackets: the share of all images. "
        f"{len(shares) - len(used)} of {len(shares)} components are unused: the most probable one of no image.",
    )


def components(context: Context) -> Report:
    """Shares of the components in place of their agreement with labels."""
    probs = context.held_out_codes.component_probs.astype(float)
    shares = probs.mean(axis=0)
    used = float(np.exp(-(shares * np.log(np.maximum(shares, 1e-12))).sum()))
    metrics = {f"share_{d}": float(share) for d, share in enumerate(shares)}
    metrics |= {"components_in_use": used, "certainty": float(probs.max(axis=1).mean())}
    order = np.argsort(-shares, kind="stable")
    lines = [
        f"Components of {len(probs)} held-out images, which have no labels to compare with",
        "",
        f"in use (exponential of the entropy of the shares): {used:.1f} of {len(shares)}",
        f"mean of the largest q(d): {metrics['certainty']:.3f} ({1 / len(shares):.3f} if q(d) is uniform)",
        "largest shares: " + ", ".join(f"d = {d} {shares[d]:.1%}" for d in order[:8]),
    ]
    return Report(metrics, {"gallery": gallery(context)}, "\n".join(lines))


def image_map(context: Context, random: np.random.Generator) -> Figure:
    """t-SNE of images by the mean of q(z), with images in place of points."""
    shown = random.permutation(len(context.held_out))[:IMAGES]
    points = tsne(context.held_out_codes.z_mean[shown], context.request.seed)
    return thumbnails(
        points,
        context.held_out.images[shown] / 255,
        "Map of images by their codes",
        f"One image for each occupied place of a map of {len(shown):,} held-out images, by the mean of q(z).",
    )


def embedding(context: Context) -> Report:
    """Maps of images, and of groups by the group label or of random groups."""
    random = context.generator()
    members = groups_of(context, random)
    codes = group_codes(context.held_out_codes, members)
    means = np.stack([context.held_out.images[group[group >= 0]].mean(axis=0) / 255 for group in members])
    meaning, name = MEANINGS[next(iter(codes.features))], context.group_label or "random groups"
    points = tsne(codes.code, context.request.seed)
    caption = f"Each picture is the mean image of a group of {context.group_size} held-out images, by the {meaning}."
    groups = thumbnails(points, means, f"Map of groups by their codes: {name}", caption)
    figures = {"groups": groups, "images": image_map(context, random)}
    return Report({"groups": float(len(members))}, figures, f"Maps of {len(members)} groups ({name}) and of images")


def groups_of(context: Context, random: np.random.Generator) -> np.ndarray:
    """Members [groups, B], by the group label or at random."""
    groups = context.request.groups or GROUPS
    if context.group_label is None:
        return sampling.random_members(len(context.held_out), groups, context.largest, random)
    values = context.held_out.group_label(context.group_label)
    return sampling.label_members(values, groups, context.largest, random, least=2)
