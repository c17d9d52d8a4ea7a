"""Forming of groups: the images of every group, as a function of seed and step.

A resumed run therefore trains on the same groups as an uninterrupted one.
`members` are indices of images, int32 [groups, B]; -1 marks padding, which comes last in a group.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from ugvae_tf.errors import UserError

Shares = tuple[tuple[int, int], ...]  # of each domain: its number of images, and how many of them are in an epoch


@dataclass(frozen=True)
class Grouping:
    """The settings by which the images of a training run form groups."""

    group_size: int = 128  # B: images in a group, at most
    groups_per_step: int = 1  # G
    seed: int = 0
    label: str | None = None  # groups of images with the same value of this label; None: random groups
    min_group_size: int = 2  # of groups by label: smaller groups are left out of the epoch
    smallest_group: int | None = None  # sizes of training groups are drawn between this and B; None: all are B
    first_step: int = 0
    last_step: int | None = None  # None: one epoch after another, without end

    def __post_init__(self) -> None:
        for name in ("group_size", "groups_per_step", "min_group_size"):
            if getattr(self, name) < 1:
                raise UserError(f"`{name}` must be at least 1, not {getattr(self, name)}.")


class Layout(NamedTuple):
    """The groups of an epoch."""

    steps: int
    members: Callable[[tf.Tensor], tf.Tensor]  # epoch, an int64 scalar, -> [steps, G, B]


def random_layout(shares: Shares, grouping: Grouping) -> Layout:
    """Random groups of all images, or of each domain's share of them.

    An epoch leaves out the images that do not fill its last step; the next epoch leaves out others.

    Raises:
        UserError: the images do not fill one step.
    """
    size, groups, seed = grouping.group_size, grouping.groups_per_step, grouping.seed
    steps = steps_per_epoch(sum(shown for _, shown in shares), size, groups)

    def members(epoch: tf.Tensor) -> tf.Tensor:
        # tf.random.experimental.index_shuffle needs no permutation in memory, but its groups are far from
        # random: the number of images with one digit in a group varied a fifth too little.
        shuffled = tf.random.experimental.stateless_shuffle(_shown(shares, seed, epoch), tf.stack([seed, epoch]))
        return tf.reshape(shuffled[: steps * groups * size], [steps, groups, size])

    return Layout(steps, members)


def steps_per_epoch(examples: int, group_size: int, groups_per_step: int) -> int:
    """Full steps in one pass over the images; raises UserError when the images do not fill one."""
    if group_size > examples:
        raise UserError(f"`group_size={group_size}` is larger than the number of training images, {examples}.")
    if group_size * groups_per_step > examples:
        raise UserError(
            f"`groups_per_step={groups_per_step}` groups of {group_size} images need more than "
            f"the {examples} training images of an epoch."
        )
    return examples // (group_size * groups_per_step)


def _shown(shares: Shares, seed: int, epoch: tf.Tensor) -> tf.Tensor:
    """Indices of the images of an epoch: all images of a domain, or a random sample of its share's size."""
    first, chosen = 0, []
    for domain, (count, shown) in enumerate(shares):
        indices = tf.range(first, first + count)
        if shown < count:
            of_domain = tf.random.experimental.stateless_fold_in(tf.stack([seed, epoch]), domain)
            indices = tf.random.experimental.stateless_shuffle(indices, of_domain)[:shown]
        chosen.append(indices)
        first += count
    return tf.concat(chosen, axis=0)


def label_layout(values: np.ndarray, grouping: Grouping) -> Layout:
    """Groups of at most B images with the same value of a label, padded; `values` is [N].

    A value with n images gives ceil(n / B) groups whose sizes differ by at most one. The images of
    a group and the order of the groups change with every epoch. Every image is in every epoch,
    unless its group is smaller than `min_group_size`. If the groups do not fill the last step, the
    first groups of the epoch are repeated.

    Raises:
        UserError: no value has `min_group_size` images.
    """
    numbers, seed = np.unique(values, return_inverse=True)[1].astype(np.int32), grouping.seed
    slots = label_slots(np.bincount(numbers), grouping.group_size, grouping.min_group_size)  # [groups, B]
    steps = -(-len(slots) // grouping.groups_per_step)
    repeated = np.arange(steps * grouping.groups_per_step) % len(slots)

    def members(epoch: tf.Tensor) -> tf.Tensor:
        epoch_seed = tf.stack([seed, epoch])
        shuffled = tf.random.experimental.stateless_shuffle(tf.range(len(numbers)), epoch_seed)
        by_value = tf.gather(shuffled, tf.argsort(tf.gather(numbers, shuffled), stable=True))
        groups = tf.where(slots < 0, -1, tf.gather(by_value, np.maximum(slots, 0)))
        groups = tf.random.experimental.stateless_shuffle(groups, epoch_seed)
        return tf.reshape(tf.gather(groups, repeated), [steps, grouping.groups_per_step, -1])

    return Layout(steps, members)


def label_slots(counts: np.ndarray, group_size: int, min_group_size: int) -> np.ndarray:
    """Groups as indices into the images sorted by value: int32 [groups, B], -1 is padding.

    Args:
        counts: [values], the number of images of each value.
    """
    rows = []
    for start, count in zip(np.cumsum(counts) - counts, counts, strict=True):
        parts = np.array_split(np.arange(start, start + count), -(-count // group_size)) if count else []
        rows += [np.pad(part, (0, group_size - len(part)), constant_values=-1) for part in parts]
    slots = np.array(rows, np.int32)
    slots = slots[(slots >= 0).sum(axis=1) >= min_group_size]
    if not len(slots):
        raise no_group(counts, min_group_size)
    return slots


def no_group(counts: np.ndarray, min_group_size: int) -> UserError:
    """The error for values with too few images, `counts` [values]."""
    return UserError(
        f"No value of the label has the {min_group_size} images of the smallest group (at most {counts.max()}): "
        f"give a smaller `min_group_size`, or a label whose values repeat."
    )


def group_values(labels: Mapping[str, np.ndarray], name: str) -> np.ndarray:
    """The label [N] from which groups are formed; raises UserError if it is missing or a measurement."""
    if name not in labels:
        present = ", ".join(sorted(labels)) or "none"
        raise UserError(f"The images have no label '{name}': choose one of their labels ({present}).")
    if labels[name].dtype.kind == "f":
        raise UserError(f"'{name}' is a measurement, and groups need categories: choose another label.")
    return labels[name]


def varying_labels(labels: Mapping[str, np.ndarray], group_label: str | None) -> list[str]:
    """The labels with several categories that differ within groups, such as the characters of fonts.

    Args:
        group_label: whose values are the groups; None: random groups, within which every label differs.
    """
    groups = np.zeros(1, int) if group_label is None else np.unique(labels[group_label], return_inverse=True)[1]
    found = []
    for name, values in labels.items():
        if name != group_label and values.dtype.kind != "f":
            numbers = np.unique(values, return_inverse=True)[1]
            if len(np.unique(groups * (numbers.max() + 1) + numbers)) > groups.max() + 1:
                found.append(name)
    return found


def held_out_members(count: int, grouping: Grouping, values: np.ndarray | None = None) -> np.ndarray:
    """Each of `count` images once, in random groups that depend on the seed only [groups, B].

    Args:
        values: [count]; if given, the images of a group have the same value. The last group (of each value) is padded.
    """
    size = min(grouping.group_size, count)
    order = np.random.default_rng(grouping.seed).permutation(count)
    value_of = np.zeros(count, int) if values is None else np.unique(values, return_inverse=True)[1][order]
    return np.concatenate([_padded(order[value_of == value], size) for value in np.unique(value_of)])


def _padded(order: np.ndarray, group_size: int) -> np.ndarray:
    """Images in groups [groups, B]; the last group is padded with -1."""
    return np.pad(order, (0, -len(order) % group_size), constant_values=-1).reshape(-1, group_size)
