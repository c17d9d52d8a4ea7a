"""Distances of groups by their codes, and the nearest groups: in blocks, so that memory is that of the result."""

from collections.abc import Iterator

import numpy as np

from ugvae_tf.codes.moments import GaussianCodes, symmetric_kl
from ugvae_tf.codes.plda import Plda
from ugvae_tf.errors import UserError

NUMBERS = 2**22  # of a block [rows, G]: 32 MB


def nearest(
    codes: GaussianCodes,
    k: int,
    metric: Plda | None = None,
    queries: GaussianCodes | None = None,
    chosen: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest other groups of each group, or the k nearest groups of each of other groups, the queries.

    Args:
        metric: the learned metric; None: the symmetric KL divergence of q(beta).
        queries: codes of Q groups of the same model; None: the G groups themselves.
        chosen: indices of the groups or queries whose nearest groups are computed [C]; None: all.

    Returns:
        Indices of groups [Q, G or C, k], nearest first, and the distances in nats.

    Raises:
        UserError: the codes have no beta, or there are fewer than k groups.
    """
    _require_beta(codes)
    count = len(codes.beta_mean)
    most = count - 1 if queries is None else count
    if not 1 <= k <= most:
        raise UserError(f"k = {k} needs more groups: among {count} groups a group has {most} others.")
    own = np.arange(count if queries is None else len(queries.beta_mean)) if chosen is None else chosen
    places = np.empty([len(own), k], np.intp)
    distances = np.empty(places.shape)
    for rows, block in distance_blocks(codes, metric, queries, own):
        if queries is None:
            block[np.arange(len(block)), own[rows]] = np.inf
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


def distance_blocks(
    codes: GaussianCodes,
    metric: Plda | None = None,
    queries: GaussianCodes | None = None,
    chosen: np.ndarray | None = None,
) -> Iterator[tuple[slice, np.ndarray]]:
    """Rows of the matrix of distances, some at a time: of the queries, or of all groups; or of the chosen ones of them.

    By the learned metric a distance is minus the log likelihood ratio of "one group" against "two groups".
    """
    mean, stddev = codes.beta_mean, codes.beta_stddev
    of_rows = codes if queries is None else queries
    if of_rows.beta_mean.shape[1] != mean.shape[1]:
        raise UserError(f"The queries have M = {of_rows.beta_mean.shape[1]}, and the groups M = {mean.shape[1]}.")
    chosen = np.arange(len(of_rows.beta_mean)) if chosen is None else chosen
    size = max(1, NUMBERS // len(mean))
    for start in range(0, len(chosen), size):
        rows = slice(start, start + size)
        row_mean = of_rows.beta_mean[chosen[rows]]
        if metric is None:
            yield rows, symmetric_kl(row_mean, of_rows.beta_stddev[chosen[rows]], mean, stddev)
        else:
            yield rows, -metric.scores(row_mean, mean)


def _require_beta(codes: GaussianCodes) -> None:
    if codes.beta_mean.shape[1] == 0:
        raise UserError("These codes have no beta: groups are compared by the beta of a ug-vae, ml-vae or nested-vae.")
