"""Membership by components: is the component of an image one that the rest of its group and similar groups have?

The shares of components in the rest of a group of 30 images are rough when there are 40 components. Other groups are
the prior of these shares (empirical Bayes): those that are similar to the rest count, and more so, the better groups
predict each other.
"""

from collections.abc import Sequence

import numpy as np
from scipy.special import softmax

CONCENTRATIONS = (1.0, 3.0, 10.0, 30.0, 100.0, 1000.0)


def population(counts: np.ndarray) -> np.ndarray:
    """The mean shares [K] of groups [C, K], and of one more in which all components are equally frequent."""
    components = counts.shape[1]
    shares = counts / counts.sum(axis=1, keepdims=True)
    return (shares.sum(axis=0) + 1 / components) / (len(counts) + 1)


def scores(probs: np.ndarray, counts: np.ndarray, concentration: float) -> np.ndarray:
    """log p(d | the other images of the group) - log p(d) of every image, in nats [N].

    p(d | rest) is the mean of a Dirichlet posterior: the rest of the group is added to `concentration` images with the
    shares of the groups that resemble the rest.

    Args:
        probs: q(d) of the images of one group [N, K].
        counts: [C, K], sums of q(d) over the images of each other group.
        concentration: of the Dirichlet, in images.
    """
    probs = probs.astype(float)
    predicted = _predicted(probs, counts, concentration)
    return np.log((probs * predicted).sum(axis=1)) - np.log(probs @ population(counts))


def _predicted(probs: np.ndarray, counts: np.ndarray, concentration: float) -> np.ndarray:
    """p(d | rest) for every image [N, K]: a mixture over the other groups and the population of all.

    The weight of a group is the likelihood of the rest under its shares, which are smoothed by half an image for each
    component (Jeffreys' prior), spread as in the population.
    """
    rest, prior = probs.sum(axis=0) - probs, population(counts)
    half = len(prior) / 2
    kinds = np.concatenate([prior[np.newaxis], (counts + half * prior) / (counts.sum(axis=1, keepdims=True) + half)])
    mixture = softmax(rest @ np.log(kinds).T, axis=1) @ kinds
    return (concentration * mixture + rest) / (concentration + rest.sum(axis=1, keepdims=True))


def best_concentration(groups: Sequence[np.ndarray]) -> float:
    """The one with which groups, each given the others, predict their own images best; 1 for fewer than two groups.

    Args:
        groups: q(d) of the images of each, [n, K].
    """
    if len(groups) < 2:
        return CONCENTRATIONS[0]
    counts = np.stack([probs.sum(axis=0, dtype=float) for probs in groups])
    fits = []
    for concentration in CONCENTRATIONS:
        fit = 0.0
        for place, probs in enumerate(groups):
            predicted = _predicted(probs.astype(float), np.delete(counts, place, axis=0), concentration)
            fit += float(np.log((probs * predicted).sum(axis=1)).sum())
        fits.append(fit)
    return CONCENTRATIONS[int(np.argmax(fits))]
