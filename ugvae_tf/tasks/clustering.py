"""Clustering: agreement of the components with labels, which are not used in training."""

import numpy as np
from tqdm import tqdm

from ugvae_tf.evaluation.clustering import clustering_metrics, kmeans_clusters
from ugvae_tf.plots import charts
from ugvae_tf.tasks.context import Context, Report

SCORES = {"matched_accuracy": "matched", "many_to_one_accuracy": "many to one", "nmi": "NMI", "ari": "ARI"}


def report(context: Context) -> Report:
    """Clusters by the most probable d of each held-out image, and by k-means on z and on pixels with K clusters."""
    context.require("has_mixture", "mixture, whose components this task compares with the labels")
    labels, codes = context.labels(context.held_out), context.held_out_codes
    components, seed = codes.component_probs.shape[1], context.request.seed
    pixels = context.held_out.images.reshape(len(labels), -1) / 255
    clusters = {"q(d)": codes.component_probs.argmax(axis=1)}
    for name, features in tqdm({"k-means on z": codes.z_mean, "k-means on pixels": pixels}.items(), leave=False):
        clusters[name] = kmeans_clusters(features, components, seed)
    scores = {name: clustering_metrics(labels, found) for name, found in clusters.items()}
    slugs = {"q(d)": "component", "k-means on z": "kmeans_z", "k-means on pixels": "kmeans_pixels"}
    metrics = {f"{slugs[name]}_{score}": value for name, found in scores.items() for score, value in found.items()}
    counts = _counts(labels, clusters["q(d)"], components)
    figure = charts.count_matrix(
        counts, [str(value) for value in np.unique(labels)], "Labels of the images of each component d"
    )
    return Report(metrics, {"components": figure}, _table(scores, components))


def _counts(labels: np.ndarray, clusters: np.ndarray, components: int) -> np.ndarray:
    """Number of images of each label in each component [labels, K]."""
    return np.stack([np.bincount(clusters[labels == value], minlength=components) for value in np.unique(labels)])


def _table(scores: dict[str, dict[str, float]], components: int) -> str:
    lines = [f"Agreement of {components} clusters with the labels of the held-out images", ""]
    lines.append(f"{'':20}" + "".join(f"{heading:>14}" for heading in SCORES.values()))
    for name, found in scores.items():
        lines.append(f"{name:20}" + "".join(f"{found[score]:>14.3f}" for score in SCORES))
    return "\n".join(lines)
