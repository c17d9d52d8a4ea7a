"""Batch classification: prediction of a group's category from its code (paper section 4.3, table 1, figure 7)."""

import numpy as np
from matplotlib.figure import Figure
from tqdm import tqdm

from ugvae_tf.datasets.image_set import ImageSet
from ugvae_tf.evaluation import classification, sampling
from ugvae_tf.evaluation.projection import tsne
from ugvae_tf.plots import charts
from ugvae_tf.serving.codes import MEANINGS, ImageCodes, group_codes
from ugvae_tf.tasks.context import Context, Report

GROUPS = 100  # default of `groups`: training groups of each category; the test has half as many
FEATURES = MEANINGS | {"beta_sample": "trained on samples of q(beta)", "label_histogram": "ceiling: true labels"}
SEEDS = 5  # default of `seeds`: draws of groups
Features = dict[str, np.ndarray]


def report(context: Context) -> Report:
    """Accuracy of an SVM on codes of groups, with and without "random" as a further class.

    Training groups come from training images and test groups from held-out images. Classes are
    balanced. All rows use the same groups. Mean and standard deviation are over `seeds`.
    """
    metrics: dict[str, float] = {}
    for with_random, suffix in ((False, ""), (True, "_with_random")):
        seeds = tqdm(range(context.request.seeds or SEEDS), desc="seeds" + suffix.replace("_", " "), leave=False)
        runs = [_run(context, seed, with_random) for seed in seeds]
        for name in runs[0]:
            values = [run[name] for run in runs]
            metrics[f"{name}{suffix}_mean"] = float(np.mean(values))
            metrics[f"{name}{suffix}_std"] = float(np.std(values))
    figures = {"accuracy": charts.accuracy_bars(_bars(metrics), metrics, _title(context)), "tsne": _tsne(context)}
    return Report(metrics, figures, _table(context, metrics))


def _run(context: Context, seed: int, with_random: bool) -> dict[str, float]:
    random, groups = context.generator(seed, with_random), context.request.groups or GROUPS
    train, train_labels = _features(context, context.train, context.train_codes, groups, with_random, random)
    test, test_labels = _features(
        context, context.held_out, context.held_out_codes, -(-groups // 2), with_random, random
    )
    if "beta_sample" in train:
        test["beta_sample"] = test["beta_mean"]  # the paper trains on samples; the code of a test group is the mean
    found: dict[str, float] = {}
    for feature in train:
        scores = classification.classification_metrics(train[feature], train_labels, test[feature], test_labels)
        found["majority_baseline"] = scores.pop("majority_baseline")
        found.update({f"{feature}_{name}": score for name, score in scores.items()})
    return found


def _features(
    context: Context, images: ImageSet, codes: ImageCodes, groups: int, with_random: bool, random: np.random.Generator
) -> tuple[Features, np.ndarray]:
    """The features of `groups` groups of each category, and the groups' categories."""
    labels = context.labels(images)
    drawn = {each.name: context.members(each, images, groups, random) for each in context.categories("series")}
    if with_random:
        drawn["random"] = sampling.random_members(len(labels), groups, context.largest, random)
    members = context.resized(np.concatenate(list(drawn.values())), random)
    found = group_codes(codes, members)
    features = found.features | {"label_histogram": sampling.histogram(labels, members, np.unique(labels))}
    if "beta_mean" in features:
        features["beta_sample"] = random.normal(found.beta_mean, found.beta_stddev)
    return features, np.repeat(list(drawn), groups)


def _title(context: Context) -> str:
    names = ", ".join(category.name for category in context.categories("series"))
    return f"Prediction of a group's category: {names}."


def _told(metrics: dict[str, float]) -> dict[str, str]:
    """The features that the model has, with their descriptions."""
    return {name: meaning for name, meaning in FEATURES.items() if f"{name}_linear_test_accuracy_mean" in metrics}


def _bars(metrics: dict[str, float]) -> dict[str, tuple[str, str]]:
    """Label of each pair of bars: the names of its metrics, without and with random groups."""
    return {
        f"{meaning}\n({kernel} SVM)": (
            f"{feature}_{kernel}_test_accuracy",
            f"{feature}_{kernel}_test_accuracy_with_random",
        )
        for feature, meaning in _told(metrics).items()
        for kernel in classification.KERNELS
    }


def _tsne(context: Context) -> Figure:
    """t-SNE of groups of every category and of random groups, as in figure 7; held-out images only."""
    random = context.generator(0)
    groups = -(-(context.request.groups or GROUPS) // 2)
    features, categories = _features(context, context.held_out, context.held_out_codes, groups, True, random)
    name = next(iter(features))
    points = tsne(features[name], context.request.seed)
    return charts.scatter(points, categories, f"t-SNE, groups of held-out images: {MEANINGS[name]}")


def _table(context: Context, metrics: dict[str, float]) -> str:
    lines = [f"{_title(context)}  Test accuracy, mean +- spread over {context.request.seeds or SEEDS} seeds", ""]
    lines.append(f"{'':32}{'linear':>15}{'RBF':>15}{'linear, random':>17}{'RBF, random':>15}")
    for feature, meaning in _told(metrics).items():
        cells = [
            f"{metrics[f'{name}_mean']:.3f} +- {metrics[f'{name}_std']:.3f}"
            for suffix in ("", "_with_random")
            for kernel in classification.KERNELS
            for name in [f"{feature}_{kernel}_test_accuracy{suffix}"]
        ]
        lines.append(f"{meaning:32}{cells[0]:>15}{cells[1]:>15}{cells[2]:>17}{cells[3]:>15}")
    alone, joined = metrics["majority_baseline_mean"], metrics["majority_baseline_with_random_mean"]
    lines.append(f"{'majority baseline':32}{alone:>15.3f}{alone:>15.3f}{joined:>17.3f}{joined:>15.3f}")
    return "\n".join(lines)
