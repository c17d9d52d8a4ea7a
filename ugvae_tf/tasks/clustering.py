"""Clustering: agreement of the components with labels, which are not used in training."""

import numpy as np
from matplotlib.figure import Figure
from tqdm import tqdm

from ugvae_tf.evaluation.clustering import accuracy_intervals, clustering_metrics, kmeans_clusters
from ugvae_tf.plots.bars import Bar, bars
from ugvae_tf.plots.matrix import count_matrix
from ugvae_tf.tasks import unlabelled
from ugvae_tf.tasks.context import Context, Report

INTERVALS = {"matched_accuracy": "one to one", "many_to_one_accuracy": "many to one"}
SCORES = {"nmi": "NMI", "ari": "ARI"}
COMPONENTS = (
    "Labels of the held-out images of each component d",
    "A bright cell: most images of the component have this label. Labels are not used in training.",
)
ROWS = {
    "component": "q(d)",
    "kmeans_z": "k-means on z",
    "kmeans_pixels": "k-means on pixels",
    "shuffled": "floor: q(d), shuffled",
}


def report(context: Context) -> Report:
    """Clusters by the most probable d of each held-out image, and by k-means on z and on pixels with K clusters.

    The floor are the components of q(d) of other images, in a random order: of equal sizes, without a relation to
    the labels. Many clusters of few images agree with labels many to one by chance. Without labels, the components
    alone.
    """
    context.require("has_mixture", "mixture, whose components this task compares with the labels")
    if not unlabelled.is_labelled(context):
        return unlabelled.components(context)
    labels, codes, random = context.labels(context.held_out), context.held_out_codes, context.generator()
    components = codes.component_probs.shape[1]
    clusters = _clusters(context, components, random)
    metrics = {
        "components": float(components),
        "components_used": float(len(np.unique(clusters["component"]))),
        "labels": float(len(np.unique(labels))),
    }
    for row, found in clusters.items():
        scores = clustering_metrics(labels, found) | accuracy_intervals(labels, found, random)
        metrics |= {f"{row}_{name}": value for name, value in scores.items()}
    counts = _counts(labels, clusters["component"], components)
    figures = {
        "components": count_matrix(counts, [str(value) for value in np.unique(labels)], *COMPONENTS),
        "agreement": _agreement(metrics),
        "gallery": unlabelled.gallery(context),
    }
    return Report(metrics, figures, _table(metrics))


def _agreement(metrics: dict[str, float]) -> Figure:
    kinds = {"component": "learned", "kmeans_z": "learned", "kmeans_pixels": "floor", "shuffled": "floor"}
    rows = {meaning: Bar.of(metrics, f"{row}_many_to_one_accuracy", kinds[row]) for row, meaning in ROWS.items()}
    return bars(
        rows,
        "Images whose cluster has their label as its most frequent one",
        f"{metrics['components']:.0f} clusters, made without labels. This share grows with the number of clusters, so "
        "compare it with the floors. Black lines: 95 % intervals over the images.",
        "share of the held-out images",
    )


def _clusters(context: Context, components: int, random: np.random.Generator) -> dict[str, np.ndarray]:
    """The clusters [N] of each row."""
    codes, images = context.held_out_codes, context.held_out.images
    found = {"component": codes.component_probs.argmax(axis=1)}
    features = {"kmeans_z": codes.z_mean, "kmeans_pixels": images.reshape(len(images), -1) / 255}
    for name, values in tqdm(features.items(), desc="clustering", leave=False):
        found[name] = kmeans_clusters(values, components, context.request.seed)
    return found | {"shuffled": random.permutation(found["component"])}


def _counts(labels: np.ndarray, clusters: np.ndarray, components: int) -> np.ndarray:
    """Number of images of each label in each component [labels, K]."""
    return np.stack([np.bincount(clusters[labels == value], minlength=components) for value in np.unique(labels)])


def _table(metrics: dict[str, float]) -> str:
    components, used, labels = (int(metrics[name]) for name in ("components", "components_used", "labels"))
    lines = [f"Agreement of K = {components} clusters with the {labels} labels of the held-out images"]
    lines += [f"{used} components are used. Share of correct images, with 95 % intervals over the images;"]
    lines += ["one to one: each label has one cluster; many to one: each cluster has its most frequent label", ""]
    headings = [f"{heading:>24}" for heading in INTERVALS.values()] + [f"{heading:>8}" for heading in SCORES.values()]
    lines.append(f"{'':22}" + "".join(headings))
    for row, meaning in ROWS.items():
        cells = [f"{_with_ends(metrics, f'{row}_{name}'):>24}" for name in INTERVALS]
        cells += [f"{metrics[f'{row}_{name}']:>8.3f}" for name in SCORES]
        lines.append(f"{meaning:22}" + "".join(cells))
    return "\n".join(lines)


def _with_ends(metrics: dict[str, float], name: str) -> str:
    return f"{metrics[name]:.3f} ({metrics[f'{name}_low']:.3f} to {metrics[f'{name}_high']:.3f})"
