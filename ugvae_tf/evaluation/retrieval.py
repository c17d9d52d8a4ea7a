"""Retrieval of a group among all groups by the code of other images of the group."""

import numpy as np
from scipy.special import digamma

from ugvae_tf.plda import Plda as Plda


def retrieval_metrics(scores: np.ndarray) -> dict[str, float]:
    """Recall and mean reciprocal rank of the correct group.

    Ties share their ranks evenly, so constant scores give the chance level, 1 / N.

    Args:
        scores: [N, N], of the query of group i (row) and the reference code of group j (column); more is better, and
            the right group is on the diagonal.

    Returns:
        `recall_at_1`, `recall_at_5`: the share of queries whose own group is among the best 1 and 5;
        `mean_reciprocal_rank`: the mean of 1 / rank of their own group. By chance they are 1 / N, 5 / N and
        (1 + 1/2 + ... + 1/N) / N.
    """
    own = np.diagonal(scores)[:, np.newaxis]
    better, equal = (scores > own).sum(axis=1), (scores == own).sum(axis=1)  # own rank: better + 1 to better + equal
    reciprocal = (digamma(better + equal + 1) - digamma(better + 1)) / equal
    recall = {f"recall_at_{k}": float(np.clip((k - better) / equal, 0, 1).mean()) for k in (1, 5)}
    return recall | {"mean_reciprocal_rank": float(reciprocal.mean())}


def raw_scores(queries: np.ndarray, references: np.ndarray) -> np.ndarray:
    """Minus the squared distance of codes scaled by their standard deviation over groups: [N, N].

    Args:
        queries: [N, F], a code of each group.
        references: [N, F], of other images of the same groups; their deviation is the scale.
    """
    stddev = references.std(axis=0)
    scale = np.where(stddev > 0, stddev, np.inf)  # a constant dimension does not contribute to the distance
    a, b = queries / scale, references / scale
    return 2 * a @ b.T - (a**2).sum(axis=1)[:, np.newaxis] - (b**2).sum(axis=1)
