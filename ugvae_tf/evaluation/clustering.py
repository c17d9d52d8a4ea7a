"""Clustering: agreement of the components, learned without labels, with the labels."""

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score
from sklearn.metrics.cluster import contingency_matrix

from ugvae_tf.errors import UserError

KMEANS_STARTS = 4  # k-means++ initialisations; the result with the lowest inertia is used


def matched_accuracy(labels: np.ndarray, clusters: np.ndarray) -> float:
    """The share of images in their label's cluster, under the best one-to-one matching.

    With more clusters than labels some clusters match no label, and all their images count
    as errors; the same holds with more labels than clusters.

    Args:
        labels: [N]
        clusters: [N], identifiers of any type.
    """
    counts = contingency_matrix(labels, clusters)  # [labels, clusters]
    return float(counts[linear_sum_assignment(counts, maximize=True)].sum() / counts.sum())


def many_to_one_accuracy(labels: np.ndarray, clusters: np.ndarray) -> float:
    """The share of images that have their cluster's majority label.

    It is at least `matched_accuracy`, and grows with the number of clusters, to 1 with one cluster per image.
    """
    counts = contingency_matrix(labels, clusters)  # [labels, clusters]
    return float(counts.max(axis=0).sum() / counts.sum())


def clustering_metrics(labels: np.ndarray, clusters: np.ndarray) -> dict[str, float]:
    """Agreement of clusters [N] with labels [N], for any identifiers of the clusters.

    Returns:
        `matched_accuracy`, `many_to_one_accuracy`; `nmi`, the mutual information divided by the mean
        of the two entropies; `ari`, the adjusted Rand index (0 at chance, 1 for equal partitions).
    """
    return {
        "matched_accuracy": matched_accuracy(labels, clusters),
        "many_to_one_accuracy": many_to_one_accuracy(labels, clusters),
        "nmi": float(normalized_mutual_info_score(labels, clusters)),
        "ari": float(adjusted_rand_score(labels, clusters)),
    }


def kmeans_clusters(features: np.ndarray, clusters: int, seed: int) -> np.ndarray:
    """The k-means cluster of every image: [N], the best of KMEANS_STARTS initialisations.

    Args:
        features: [N, F], not scaled: the scale of a feature is its weight.
        clusters: number of clusters; raises UserError if there are fewer images.
    """
    if clusters > len(features):
        raise UserError(f"{len(features)} images cannot form {clusters} clusters: give fewer clusters or more images.")
    return KMeans(clusters, n_init=KMEANS_STARTS, random_state=seed).fit_predict(features)
