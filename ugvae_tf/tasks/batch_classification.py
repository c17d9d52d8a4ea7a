"""Batch classification: prediction of a group's category from its code (paper section 4.3, table 1, figure 7)."""

import numpy as np
from matplotlib.figure import Figure
from threadpoolctl import threadpool_limits

from ugvae_tf.evaluation import classification, spread
from ugvae_tf.evaluation.categories import Category
from ugvae_tf.evaluation.floors import FLOORS
from ugvae_tf.evaluation.image_auc import label_auc
from ugvae_tf.evaluation.projection import tsne
from ugvae_tf.plots.bars import Bar, bars
from ugvae_tf.plots.maps import scatter
from ugvae_tf.tasks.category_accuracy import SUFFIXES, accuracies, shuffles
from ugvae_tf.tasks.category_groups import MEANINGS, CategoryGroups
from ugvae_tf.tasks.category_verdict import verdict
from ugvae_tf.tasks.context import Context, Report
from ugvae_tf.tasks.group_features import GroupFeatures, both_splits

GROUPS = 100  # default of `groups`: training groups of each category; the test has half as many
MOST_NAMES = 8  # categories in a caption
SEEDS = 5  # default of `seeds`
IMAGE_FEATURES = {
    "experts": "experts of q(beta)",
    "z": "mean of z",
    "pca": "floor: PCA of the pixels",
}


def report(context: Context) -> Report:
    """Accuracy of an SVM on codes of groups, with and without "random" as a further class.

    Training groups come from training images and test groups from held-out images. Classes are balanced. All rows
    use the same groups. `evaluation.spread` describes the intervals and p-values.
    """
    groups, seeds = context.request.groups or GROUPS, context.request.seeds or SEEDS
    categories, sides = context.categories("series"), both_splits(context)
    values = np.unique(sides[0].labels)
    train, held_out = (CategoryGroups(context, categories, side, values) for side in sides)
    for category in categories:
        for side in sides:
            context.note_repeats(category, side.labels)
    metrics = _carriers(context, categories, sides[1])
    metrics |= _baselines(len(categories))
    with threadpool_limits(1):  # threads slow products of small matrices down, most on a busy machine
        metrics |= accuracies(train, held_out, groups, seeds) | shuffles(train, held_out)
    metrics |= _image_aucs(context, train, held_out)
    judged = verdict(metrics, context.largest)
    figures = {
        "accuracy": _accuracies(context, metrics, categories, "", judged[0]),
        "accuracy-with-random": _accuracies(context, metrics, categories, "_with_random", judged[0]),
        "tsne": _tsne(context, held_out, -(-groups // 2)),
    }
    return Report(metrics, figures, _table(metrics, categories, judged))


def _carriers(context: Context, categories: list[Category], held_out: GroupFeatures) -> dict[str, float]:
    """How many held-out images the rarest category has, and how many groups without a common image they fill."""
    images = min(int(category.has(held_out.labels).sum()) for category in categories)
    return {
        "images_of_rarest_category": float(images),
        "disjoint_groups": float(spread.disjoint_groups(images, context.largest)),
    }


def _baselines(categories: int) -> dict[str, float]:
    """The accuracy of one category for every group: the classes are balanced."""
    return {"majority_baseline_mean": 1 / categories, "majority_baseline_with_random_mean": 1 / (categories + 1)}


def _image_aucs(context: Context, train: CategoryGroups, held_out: CategoryGroups) -> dict[str, float]:
    """Areas under the ROC curve of single images for their label: codes whose sums are those of groups, and pixels."""
    random = context.generator(0, 3)
    metrics: dict[str, float] = {}
    chosen = [each.has_category() for each in (train, held_out)]
    parts = [_of_images(each.side, images) for each, images in zip((train, held_out), chosen, strict=True)]
    labels = [each.side.labels[images] for each, images in zip((train, held_out), chosen, strict=True)]
    for name in parts[0]:
        found = label_auc(parts[0][name], labels[0], parts[1][name], labels[1], random)
        metrics |= dict(zip((f"image_auc_{name}{end}" for end in ("", "_low", "_high")), found, strict=True))
    return metrics


def _of_images(side: GroupFeatures, images: np.ndarray) -> dict[str, np.ndarray]:
    """Features of single images, each [n, F]; of experts their natural parameters."""
    codes = side.image_codes
    found = {"z": codes.z_mean[images], "pca": side.floors.features(images[:, np.newaxis])["pca"]}
    if not codes.precision.shape[1]:
        return found
    return {"experts": np.concatenate([codes.precision_mean[images], codes.precision[images]], axis=1)} | found


def _title(categories: list[Category]) -> str:
    return f"Prediction of a group's category: {', '.join(category.name for category in categories)}."


def _rows(metrics: dict[str, float]) -> dict[str, str]:
    """The rows of the table: the features that the model has, floors, ceiling."""
    return {name: meaning for name, meaning in MEANINGS.items() if f"{name}_linear_test_accuracy_mean" in metrics}


def _accuracies(
    context: Context, metrics: dict[str, float], categories: list[Category], suffix: str, judged: str
) -> Figure:
    """Accuracies of the RBF kernel, without or with random groups; those of samples of q(beta) are in the table."""
    rows = {}
    for feature, meaning in _rows(metrics).items():
        name = f"{feature}_rbf_test_accuracy{suffix}"
        kind = "floor" if feature in FLOORS else "ceiling" if feature == "label_histogram" else "learned"
        if not feature.startswith("beta_sample"):
            rows[meaning] = Bar.of(metrics, name, kind, "_mean")
    others = ", or as random" if suffix else ""
    return bars(
        rows,
        f"How well the code of a group tells its category{', or that it is random' if suffix else ''}",
        f"A classifier (SVM, RBF kernel) sorts groups of {context.group_size} held-out images into {_named(categories)}"
        f"{others}. Black lines: 95 % intervals over the held-out images. {judged}",
        "accuracy on unseen groups (1: all are right)",
        chance=metrics[f"majority_baseline{suffix}_mean"],
    )


def _named(categories: list[Category]) -> str:
    names = [category.name for category in categories]
    return ", ".join(names[:MOST_NAMES]) + (f" and {len(names) - MOST_NAMES} more" if names[MOST_NAMES:] else "")


def _tsne(context: Context, held_out: CategoryGroups, groups: int) -> Figure:
    """t-SNE of groups of every category and of random groups, as in figure 7; held-out images only."""
    drawn = held_out.draw(groups, context.generator(0, 4))
    name = next(iter(drawn.features))
    points = tsne(drawn.features[name], context.request.seed)
    caption = f"Each point is a group of {context.group_size} held-out images, by the {MEANINGS[name]}."
    return scatter(points, drawn.categories, "Codes of groups of each category and of random groups", caption)


def _table(metrics: dict[str, float], categories: list[Category], judged: list[str]) -> str:
    lines = [*judged, "", f"{_title(categories)}  Test accuracy, with 95 % intervals over the held-out images", ""]
    lines.append(f"{'':41}{'linear':>22}{'RBF':>22}{'linear, random':>22}{'RBF, random':>22}{'p':>7}")
    for feature, meaning in _rows(metrics).items():
        cells = [
            f"{metrics[f'{name}_mean']:.3f} ({metrics[f'{name}_low']:.2f} to {metrics[f'{name}_high']:.2f})"
            for suffix in SUFFIXES
            for kernel in classification.KERNELS
            for name in [f"{feature}_{kernel}_test_accuracy{suffix}"]
        ]
        p = f"{metrics[key]:.2f}" if (key := f"{feature}_permutation_p") in metrics else ""
        lines.append(f"{meaning:41}" + "".join(f"{cell:>22}" for cell in cells) + f"{p:>7}")
    alone, joined = (f"{metrics[f'majority_baseline{suffix}_mean']:.3f}" for suffix in SUFFIXES)
    lines.append(f"{'majority baseline':41}{alone:>22}{alone:>22}{joined:>22}{joined:>22}")
    lines += ["", "Area under the ROC curve of single images for their label; .5 is chance"]
    for name, meaning in IMAGE_FEATURES.items():
        if (key := f"image_auc_{name}") in metrics:
            lines.append(
                f"{meaning:41}{metrics[key]:.3f} ({metrics[f'{key}_low']:.2f} to {metrics[f'{key}_high']:.2f})"
            )
    return "\n".join(lines)
