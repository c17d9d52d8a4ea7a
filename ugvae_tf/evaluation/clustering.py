"""Clustering: agreement of the components, learned without labels, with the labels."""

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score
from sklearn.metrics.cluster import contingency_matrix

from ugvae_tf.errors import UserError
from ugvae_tf.evaluation.spread import RESAMPLES, percentiles

KMEANS_STARTS = 4  # k-means++ initialisations; the result with the lowest inertia is used


def matched_accuracy(labels: np.ndarray, clusters: np.ndarray) -> float:
    """The share of images in their label's cluster, under the best one-to-one matching.

    With more clusters than labels some clusters match no label, and all their images count
    as errors; the same holds with more labels than clusters.

    Args:
        labels: [N]
        clusters: [N], identifiers of any type.
    """
    return _matched(contingency_matrix(labels, clusters))


def many_to_one_accuracy(labels: np.ndarray, clusters: np.ndarray) -> float:
    """The share of images that have their cluster's majority label.

    It is at least `matched_accuracy`, and grows with the number of clusters, to 1 with one cluster per image.
    """
    return _many_to_one(contingency_matrix(labels, clusters))


def _matched(counts: np.ndarray) -> float:
    """Of counts [labels, clusters]."""
    return float(counts[linear_sum_assignment(counts, maximize=True)].sum() / counts.sum())


def _many_to_one(counts: np.ndarray) -> float:
    return float(counts.max(axis=0).sum() / counts.sum())


def accuracy_intervals(labels: np.ndarray, clusters: np.ndarray, random: np.random.Generator) -> dict[str, float]:
    """The ends of the bootstrap intervals over images of both accuracies, by `matched_accuracy_low` and so on.

    A resampled set of images has multinomial counts of each pair of label and cluster. Both accuracies choose the
    best labels, which is easier with the additional noise of resampling: the intervals are shifted back by its mean.
    """
    counts = contingency_matrix(labels, clusters)
    drawn = random.multinomial(counts.sum(), counts.ravel() / counts.sum(), size=RESAMPLES).reshape(-1, *counts.shape)
    measures = {"matched_accuracy": _matched, "many_to_one_accuracy": _many_to_one}
    found: dict[str, float] = {}
    for name, measure in measures.items():
        values = np.array([measure(each) for each in drawn])
        low, high = percentiles(values - values.mean() + measure(counts))
        found |= {f"{name}_low": low, f"{name}_high": high}
    return found


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
