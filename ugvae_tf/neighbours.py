"""Distances of groups by their codes, and the nearest groups: in blocks, so that memory is that of the result."""

from collections.abc import Iterator

import numpy as np

from ugvae_tf.codes import GaussianCodes, symmetric_kl
from ugvae_tf.errors import UserError
from ugvae_tf.plda import Plda

ROWS = 512  # of a block [ROWS, G]


def nearest(codes: GaussianCodes, k: int, metric: Plda | None = None) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest other groups of each group.

    Args:
        metric: the learned metric; None: the symmetric KL divergence of q(beta).

    Returns:
        Their indices [G, k], nearest first, and the distances in nats [G, k].

    Raises:
        UserError: the codes have no beta, or there are fewer than k other groups.
    """
    _require_beta(codes)
    count = len(codes.beta_mean)
    if not 1 <= k < count:
        raise UserError(f"k = {k} needs more groups: among {count} groups a group has {count - 1} others.")
    places, distances = np.empty([count, k], np.intp), np.empty([count, k])
    for rows, block in distance_blocks(codes, metric):
        block[np.arange(len(block)), np.arange(count)[rows]] = np.inf
        near = np.argpartition(block, k - 1, axis=1)[:, :k]
        near.sort(axis=1)  # then equal distances keep the order of the groups
        order = np.argsort(np.take_along_axis(block, near, axis=1), axis=1, kind="stable")
        places[rows] = np.take_along_axis(near, order, axis=1)
        distances[rows] = np.take_along_axis(block, places[rows], axis=1)
    return places, distances


def distance_matrix(codes: GaussianCodes, metric: Plda | None = None, into: np.ndarray | None = None) -> np.ndarray:
    """The distances of all groups [G, G] in nats, float32; `into`, such as a memory map, is filled in place of memory.

    Raises:
        UserError: the codes have no beta.
    """
    _require_beta(codes)
    count = len(codes.beta_mean)
    found = np.empty([count, count], np.float32) if into is None else into
    for rows, block in distance_blocks(codes, metric):
        found[rows] = block
    return found


def distance_blocks(codes: GaussianCodes, metric: Plda | None = None) -> Iterator[tuple[slice, np.ndarray]]:
    """Rows of the matrix of distances, some at a time.

    By the learned metric a distance is minus the log likelihood ratio of "one group" against "two groups": below 0
    where the codes speak for one group.
    """
    mean, stddev = codes.beta_mean, codes.beta_stddev
    for start in range(0, len(mean), ROWS):
        rows = slice(start, start + ROWS)
        if metric is None:
            yield rows, symmetric_kl(mean[rows], stddev[rows], mean, stddev)
        else:
            yield rows, -metric.scores(mean[rows], mean)


def _require_beta(codes: GaussianCodes) -> None:
    if codes.beta_mean.shape[1] == 0:
        raise UserError("These codes have no beta: groups are compared by the beta of a ug-vae, ml-vae or nested-vae.")
