"""Clustering: do the components that were found without labels agree with the labels?"""

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score
from sklearn.metrics.cluster import contingency_matrix

from ugvae_tf.errors import UserError

KMEANS_STARTS = 4  # k-means++ starts, of which the tightest is taken


def matched_accuracy(labels: np.ndarray, clusters: np.ndarray) -> float:
    """The share of images in their label's cluster, under the best one-to-one matching.

    With more clusters than labels some clusters match no label, and all their images count
    as wrong (and the other way round).

    Args:
        labels: [N]
        clusters: [N], names of clusters of any kind.
    """
    counts = contingency_matrix(labels, clusters)  # [labels, clusters]
    return float(counts[linear_sum_assignment(counts, maximize=True)].sum() / counts.sum())


def many_to_one_accuracy(labels: np.ndarray, clusters: np.ndarray) -> float:
    """The share of images that have their cluster's majority label.

    Never below `matched_accuracy`; it grows with the number of clusters, up to 1 when every image has its own.
    """
    counts = contingency_matrix(labels, clusters)  # [labels, clusters]
    return float(counts.max(axis=0).sum() / counts.sum())


def clustering_metrics(labels: np.ndarray, clusters: np.ndarray) -> dict[str, float]:
    """Agreement of clusters [N] with labels [N], whatever the clusters are called.

    Returns:
        `matched_accuracy`, `many_to_one_accuracy`; `nmi`, the mutual information divided by
        the mean of the two entropies; `ari`, the adjusted Rand index (0 by chance, 1 for equals).
    """
    return {
        "matched_accuracy": matched_accuracy(labels, clusters),
        "many_to_one_accuracy": many_to_one_accuracy(labels, clusters),
        "nmi": float(normalized_mutual_info_score(labels, clusters)),
        "ari": float(adjusted_rand_score(labels, clusters)),
    }


def kmeans_clusters(features: np.ndarray, clusters: int, seed: int) -> np.ndarray:
    """The k-means cluster of every image: [N], the best of KMEANS_STARTS starts.

    Args:
        features: [N, F], taken as they are: the scale of a feature is its weight.
        clusters: how many; a UserError if there are fewer images.
    """
    if clusters > len(features):
        raise UserError(f"{len(features)} images cannot form {clusters} clusters: give fewer clusters or more images.")
    return KMeans(clusters, n_init=KMEANS_STARTS, random_state=seed).fit_predict(features)
