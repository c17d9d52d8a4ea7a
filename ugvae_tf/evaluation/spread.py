"""The spread of a measure over images: image-disjoint halves, a bootstrap over images, shuffled labels.

All draws of groups from one pool of images share that pool, so the deviation over draws is no measure for
other images. These functions return images as indices into the pool, from which groups are drawn anew.
"""

import numpy as np

from ugvae_tf.errors import UserError
from ugvae_tf.evaluation.bootstrap import LEVEL

RESAMPLES = 200  # pools of a bootstrap over images
SHUFFLES = 99  # of the labels: the smallest possible p is 1 / (SHUFFLES + 1)
ENOUGH = 10  # disjoint groups that the images of a category must fill


def halves(labels: np.ndarray, random: np.random.Generator, divided: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two random disjoint halves of the images, each with half of the images of each label [N].

    The only image of a label is in the first half.

    Args:
        labels: [N]
        divided: the labels that both halves must have.

    Raises:
        UserError: one of those has one image only.
    """
    values, counts = np.unique(labels, return_counts=True)
    single = values[(counts < 2) & np.isin(values, divided)]
    if len(single):
        raise UserError(f"'{single[0]}' has one held-out image, which cannot be divided: choose other categories.")
    parts = [np.array_split(random.permutation(np.flatnonzero(labels == value)), 2) for value in values]
    first, second = ([half[side] for half in parts] for side in (0, 1))
    return np.concatenate(first), np.concatenate(second)


def half_split_error(accuracies: np.ndarray) -> float:
    """The standard error of the mean of two halves, from repeated divisions [R, 2].

    The halves a and b of a division are independent, so (a - b)^2 / 4 is an unbiased estimate of the variance of
    (a + b) / 2; the estimates of the divisions are averaged.
    """
    return float(np.sqrt(((accuracies[:, 0] - accuracies[:, 1]) ** 2).mean()) / 2)


def resampled(labels: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """As many images [N] with replacement, for each label [N] among its images: a stratified bootstrap."""
    order = np.argsort(labels, kind="stable")
    _, starts, counts = np.unique(labels[order], return_index=True, return_counts=True)
    within = random.integers(np.repeat(counts, counts))
    return order[np.repeat(starts, counts) + within]


def percentiles(values: np.ndarray) -> tuple[float, float]:
    """The ends of the LEVEL % interval of resampled values [R]."""
    low, high = np.percentile(values, [(100 - LEVEL) / 2, (100 + LEVEL) / 2])
    return float(low), float(high)


def permutation_p(observed: float, shuffled: np.ndarray, random: np.random.Generator) -> float:
    """The share of measures that are above the observed one, which is counted too (Phipson and Smyth 2010).

    Equal measures are ordered at random, so that the test rejects exactly as often as its level states: accuracies of
    few groups are often equal.

    Args:
        observed: the measure with the true labels.
        shuffled: [S], the measure with shuffled labels, from the same procedure with new draws.
    """
    equal = random.integers((shuffled == observed).sum(), endpoint=True)
    return float((1 + (shuffled > observed).sum() + equal) / (1 + len(shuffled)))


def shuffled_labels(labels: np.ndarray, chosen: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The labels [N] with those of the chosen images [n] (indices) in a random order."""
    found = labels.copy()
    found[chosen] = random.permutation(labels[chosen])
    return found


def disjoint_groups(images: int, size: int) -> int:
    """The number of groups without a common image that the images can form: what an accuracy over groups rests on."""
    return images // size
