"""Retrieval of a group among all groups by the code of other images of the group."""

import numpy as np
from scipy.special import digamma


def query_measures(scores: np.ndarray) -> dict[str, np.ndarray]:
    """`recall_at_1`, `recall_at_5` and `reciprocal_rank` of the correct group of each query, each [N].

    Ties share their ranks evenly, so constant scores give the chance level, 1 / N.

    Args:
        scores: [N, N], of the query of group i (row) and the reference code of group j (column); more is better, and
            the right group is on the diagonal.
    """
    own = np.diagonal(scores)[:, np.newaxis]
    better, equal = (scores > own).sum(axis=1), (scores == own).sum(axis=1)  # own rank: better + 1 to better + equal
    recall = {f"recall_at_{k}": np.clip((k - better) / equal, 0, 1) for k in (1, 5)}
    return recall | {"reciprocal_rank": (digamma(better + equal + 1) - digamma(better + 1)) / equal}


def retrieval_metrics(scores: np.ndarray) -> dict[str, float]:
    """Recall and mean reciprocal rank of the correct group, from scores as for `query_measures`.

    Returns:
        `recall_at_1`, `recall_at_5`: the share of queries whose own group is among the best 1 and 5;
        `mean_reciprocal_rank`: the mean of 1 / rank of their own group. By chance they are 1 / N, 5 / N and
        (1 + 1/2 + ... + 1/N) / N.
    """
    found = query_measures(scores)
    names = {"recall_at_1": "recall_at_1", "recall_at_5": "recall_at_5", "mean_reciprocal_rank": "reciprocal_rank"}
    return {name: float(found[measure].mean()) for name, measure in names.items()}


def cosine_scores(queries: np.ndarray, references: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """The cosine of the angle between codes [N, F], seen from the centre [F]: [N, N]; 0 for a code at the centre."""
    units = []
    for codes in (queries, references):
        moved = np.asarray(codes - centre, float)
        length = np.linalg.norm(moved, axis=1, keepdims=True)
        units.append(np.divide(moved, length, out=np.zeros_like(moved), where=length > 0))
    return units[0] @ units[1].T


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
