"""Sampling of groups: `members`, an int array [groups, B] of indices into a split.

`labels` is [N], one label for every image of the split; `random` is the only source of randomness.
"""

from collections.abc import Sequence

import numpy as np

from ugvae_tf.errors import UserError


def random_members(count: int, groups: int, size: int, random: np.random.Generator) -> np.ndarray:
    """Random groups of distinct images out of `count`; raises UserError if a group needs more."""
    _require_images(count, size)
    return np.stack([random.choice(count, size, replace=False) for _ in range(groups)])


def members_with_labels(labels: np.ndarray, digits: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """An image with each of the given labels, at the same position: [groups, B].

    No image is twice in a group, unless the group needs more images of a label than there are.

    Args:
        digits: [groups, B], the labels; raises UserError if no image has one of them.
    """
    wanted = np.unique(digits)
    _require_labels(labels, wanted)
    images = {label: np.flatnonzero(labels == label) for label in wanted}
    members = np.empty(digits.shape, np.intp)
    for group, group_digits in zip(members, digits, strict=True):
        for label in np.unique(group_digits):
            places = group_digits == label
            group[places] = _draw(images[label], places.sum(), random)
    return members


def series_members(
    labels: np.ndarray, series_digits: np.ndarray, groups: int, size: int, random: np.random.Generator
) -> np.ndarray:
    """Groups of `size` consecutive digits of a series, from a random position, cyclically.

    Args:
        series_digits: [length], as in SERIES.
    """
    starts = random.integers(len(series_digits), size=(groups, 1))
    places = (starts + np.arange(size)) % len(series_digits)  # [groups, B]
    return members_with_labels(labels, series_digits[places], random)


def members_among(
    labels: np.ndarray, allowed: Sequence[int] | np.ndarray, groups: int, size: int, random: np.random.Generator
) -> np.ndarray:
    """Random groups of the images with an allowed label, in proportion to the labels' frequencies.

    No image is twice in a group, unless there are fewer than `size`. Raises UserError if no image
    has one of the labels.
    """
    _require_labels(labels, allowed)
    images = np.flatnonzero(np.isin(labels, allowed))
    return np.stack([_draw(images, size, random) for _ in range(groups)])


def skewed_members(
    labels: np.ndarray, groups: int, size: int, concentration: float, random: np.random.Generator
) -> np.ndarray:
    """Groups with label proportions from a symmetric Dirichlet distribution, one draw for each group.

    Args:
        concentration: of the Dirichlet, the same for every label; at 1 all proportions are equally
            likely, towards 0 a group has one label only, towards infinity all proportions are equal.
    """
    _require_images(len(labels), size)
    if not concentration > 0:
        raise UserError(f"A Dirichlet concentration of {concentration} is impossible: give a number above 0.")
    values = np.unique(labels)
    proportions = random.dirichlet(np.full(len(values), concentration), size=groups)  # [groups, values]
    counts = random.multinomial(size, proportions)
    sorted_labels = np.repeat(np.tile(values, groups), counts.ravel()).reshape(groups, size)
    return members_with_labels(labels, random.permuted(sorted_labels, axis=1), random)


def label_members(
    values: np.ndarray, groups: int, size: int, random: np.random.Generator, least: int | None = None
) -> np.ndarray:
    """Groups of distinct images that share a value of a label [N], at most `groups` of them: [G, size].

    Values and images come in random order, no value twice. One with fewer than `size` images gives a smaller group,
    padded with -1, unless it has fewer than `least` (default: `size`).

    Raises:
        UserError: no value has that many images.
    """
    least = size if least is None else least
    names, counts = np.unique(values, return_counts=True)
    enough = random.permutation(names[counts >= least])[:groups]
    if not len(enough):
        raise UserError(f"No group has {least} images (at most {counts.max()}): choose another `group_by`.")
    drawn = [random.permutation(np.flatnonzero(values == name))[:size] for name in enough]
    return np.stack([np.pad(group, (0, size - len(group)), constant_values=-1) for group in drawn])


def histogram(labels: np.ndarray, members: np.ndarray, values: Sequence[int] | np.ndarray) -> np.ndarray:
    """The proportion of each value among a group's labels: [groups, values]; rows sum to 1 if `values` has all.

    A member of -1 is padding.
    """
    present = members >= 0
    counts = [((labels[members] == value) & present).sum(axis=1) for value in values]
    return np.stack(counts, axis=1) / present.sum(axis=1, keepdims=True)


def _draw(images: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
    return random.choice(images, count, replace=count > len(images))


def _require_images(count: int, size: int) -> None:
    if size > count:
        raise UserError(f"A group of {size} needs more than the {count} images there are: give a smaller `group_size`.")


def _require_labels(labels: np.ndarray, wanted: Sequence[int] | np.ndarray) -> None:
    missing = np.setdiff1d(wanted, labels)
    if missing.size:
        names = ", ".join(str(label) for label in missing)
        raise UserError(f"No image has the label {names}: choose categories whose labels the data set has.")
