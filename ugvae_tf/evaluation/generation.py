"""Measures of generated images and groups, on arrays."""

import numpy as np
from scipy.linalg import eigvalsh

from ugvae_tf.errors import UserError
from ugvae_tf.evaluation.bootstrap import LEVEL, RESAMPLES


def frechet_distance(first: np.ndarray, second: np.ndarray) -> float:
    """The Frechet distance of Gaussians fitted to features [N, F] and [N', F].

    (Dowson and Landau 1982; Heusel et al. 2017.)

        |m1 - m2|^2 + trace(C1 + C2 - 2 (C1 C2)^(1/2))

    It is at least 0, and larger for fewer samples: compare only distances for equal numbers of images.
    """
    mean = ((first.mean(axis=0) - second.mean(axis=0)) ** 2).sum()
    c1, c2 = np.cov(first.T), np.cov(second.T)
    values, axes = np.linalg.eigh(c1)
    root = axes * np.sqrt(values.clip(0)) @ axes.T
    common = np.sqrt(eigvalsh(root @ c2 @ root).clip(0)).sum()  # trace of (C1 C2)^(1/2)
    return float(mean + np.trace(c1) + np.trace(c2) - 2 * common)


def histogram_r2(given: np.ndarray, generated: np.ndarray) -> float:
    """R2 of generated label histograms as a prediction of the given ones, both [groups, V].

    1 - squared error / squared deviation of the given ones from their mean, over all groups and labels: 1 is perfect,
    the mean histogram for every group scores 0, and what does not follow the groups less.

    Raises:
        UserError: all given histograms are equal.
    """
    if not _differ(given):
        raise UserError("All groups have the same composition: give more `groups`, of mixed labels.")
    return float(1 - ((generated - given) ** 2).sum() / ((given - given.mean(axis=0)) ** 2).sum())


def _differ(histograms: np.ndarray) -> bool:
    return bool(np.ptp(histograms, axis=0).max() > 0)


def histogram_r2_interval(given: np.ndarray, generated: np.ndarray, random: np.random.Generator) -> tuple[float, float]:
    """The LEVEL % bootstrap interval of `histogram_r2` over groups."""
    drawn = random.integers(len(given), size=(RESAMPLES, len(given)))
    values = [histogram_r2(given[rows], generated[rows]) for rows in drawn if _differ(given[rows])]
    low, high = np.percentile(values, [(100 - LEVEL) / 2, (100 + LEVEL) / 2])
    return float(low), float(high)


def aggregate_kl(means: np.ndarray, stddevs: np.ndarray, prior_mean: np.ndarray, prior_stddev: np.ndarray) -> float:
    """KL(aggregate of q(beta) || p(beta)) in nats a group: where betas are, against where p(beta) has them.

    The aggregate is the Gaussian that has the moments of the mixture of all q(beta): the mean of the means, and the
    covariance of the means plus the mean of the variances. p(beta) is diagonal.

    Args:
        means: of q(beta) of each group [groups, M].
        stddevs: [groups, M]
        prior_mean: [M]
        prior_stddev: [M]
    """
    covariance = np.cov(means.T.astype(float)).reshape(2 * means.shape[1:]) + np.diag((stddevs**2).mean(axis=0))
    scaled = covariance / np.outer(prior_stddev, prior_stddev)
    distance = (((means.mean(axis=0) - prior_mean) / prior_stddev) ** 2).sum()
    return float(0.5 * (np.trace(scaled) + distance - len(prior_mean) - np.linalg.slogdet(scaled)[1]))
