"""The contents of images: the values of a label, or the most probable components d."""

from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from ugvae_tf.datasets.grouping import Grouping, held_out_members
from ugvae_tf.datasets.image_set import ImageSet
from ugvae_tf.errors import UserError
from ugvae_tf.evaluation.completion import component_of_each
from ugvae_tf.tasks.context import UNLABELLED, Context

GROUPS_PER_CALL = 64


class Contents(NamedTuple):
    """The contents of training and held-out images, as numbers below V, and the component of each content."""

    name: str  # of the label
    values: np.ndarray  # [V]
    train: np.ndarray  # [N]
    held_out: np.ndarray  # [N]
    component: np.ndarray  # [V], the one that most training images of the content fall in
    held_out_components: np.ndarray  # [N], argmax of q(d)
    average_beta: np.ndarray  # [M], over training groups


def group_values(context: Context, images: ImageSet) -> np.ndarray:
    """The group of each image [N]; raises UserError without a group label."""
    if context.group_label is None:
        known = ", ".join(sorted(images.labels))
        if not known:
            raise UserError(f"This task needs groups by a label, and the images have none: {UNLABELLED} need none.")
        raise UserError(
            f"This task needs groups by a label: give `group_by`, a label whose values are groups ({known})."
        )
    return images.group_label(context.group_label)


def contents_of(context: Context) -> Contents:
    """The content label is the `attribute`, else the label of the set; without one, the component is the content.

    Components are argmax q(d) of images that are encoded in groups by the group label.
    """
    train_components, beta = _encoded(context, context.train)
    components, _ = _encoded(context, context.held_out)
    name = context.label_name
    if context.request.attribute or (name in context.held_out.labels and name != context.group_label):
        train, held_out = context.labels(context.train), context.labels(context.held_out)
    else:
        name, train, held_out = "component d", train_components, components
        held_out = np.where(np.isin(components, train), components, train[0])
    values, numbers = np.unique(train, return_inverse=True)
    if unknown := set(held_out) - set(values):
        raise UserError(f"No training image has {name} {min(unknown)}: choose another `attribute`.")
    places = np.searchsorted(values, held_out)
    component = component_of_each(train_components, numbers, len(values))
    return Contents(name, values, numbers, places, component, components, beta)


def _encoded(context: Context, images: ImageSet) -> tuple[np.ndarray, np.ndarray]:
    """The component of every image [N], and the average beta of the groups [M]."""
    values = group_values(context, images)
    members = held_out_members(len(images), Grouping(context.largest), values)
    components, betas = np.empty(len(images), np.intp), []
    for start in tqdm(range(0, len(members), GROUPS_PER_CALL), desc="encoding groups", leave=False):
        part = members[start : start + GROUPS_PER_CALL]
        there = part >= 0
        codes = context.model.encode_ragged(images.images[np.maximum(part, 0)], there.sum(axis=1))
        components[part[there]] = codes.component_probs.argmax(axis=-1)[there]
        betas.append(codes.beta_mean)
    return components, np.concatenate(betas).mean(axis=0)
