"""Interpolation: rows move beta between two groups, columns move z between two images (paper figure 5)."""

import numpy as np
from matplotlib.figure import Figure
from tqdm import tqdm

from ugvae_tf.codes import Codes
from ugvae_tf.datasets.image_set import ImageSet
from ugvae_tf.errors import UserError
from ugvae_tf.evaluation import interpolation, sampling
from ugvae_tf.evaluation.categories import Category
from ugvae_tf.evaluation.domain_classifier import DomainClassifier
from ugvae_tf.evaluation.projection import tsne
from ugvae_tf.plots import charts, pictures
from ugvae_tf.serving.codes import group_codes
from ugvae_tf.tasks.context import Context, Report

STEPS = 7
PAIRS = 50  # pairs of images
GROUPS = 60  # default of `groups`: groups of each category in the t-SNE
MAX_EXAMPLES = 20_000  # training images of the classifier
PATHS = {
    "beta": "along beta, z fixed",
    "beta_and_component": "along beta, z with its component",
    "z": "along z, beta fixed",
}


def report(context: Context) -> Report:
    """Grids of decoded images, the path in t-SNE, and the domain classifier's probabilities along three paths.

    The domain classifier (logistic regression on pixels) is fitted to real training images. A path
    "flips" when the probability of the second category goes from below 0.1 to above 0.9. The paths:
    beta moves and z is fixed (paper figure 5, rows); beta moves, and z keeps its d and its noise
    (eq. 3); z moves and beta is fixed (figure 5, columns).
    """
    context.require("has_beta", "beta, which this task moves")
    random, (first, second) = context.generator(), _between(context)
    betas, starts, grids = _grids(context, first, second, random)
    _, _, within = _grids(context, first, first, random, pairs=1)
    carried = _carried(context, starts, betas)
    classifier, accuracy = _domain_classifier(context, first, second)
    paths = {"beta": grids[:, :, 0], "beta_and_component": carried, "z": grids[:, 0, :]}  # [PAIRS, STEPS, H, W, C]
    metrics = {"classifier_accuracy": accuracy}
    for name, images in paths.items():
        metrics |= _flips(name, classifier.probabilities(images))
    figures = {
        "between": _picture(grids[0], f"From {first.name} to {second.name}"),
        "carried": _carried_picture(carried, f"From {first.name} to {second.name}"),
        "within": _picture(within[0], f"Within {first.name}"),
        "path": _path_figure(context, first, second, betas, random),
    }
    return Report(metrics, figures, _table(metrics, first.name, second.name))


def _between(context: Context) -> tuple[Category, Category]:
    """The two categories that `between` names, or the first two."""
    known = {category.name: category for category in context.categories("digit-sets")}
    names = context.request.between.split(",") if context.request.between else list(known)[:2]
    if len(names) != 2 or not set(names) <= set(known):
        raise UserError(f"`between` needs two of {', '.join(known)}, such as {','.join(list(known)[:2])}.")
    return known[names[0]], known[names[1]]


def _grids(
    context: Context, first: Category, second: Category, random: np.random.Generator, pairs: int = PAIRS
) -> tuple[np.ndarray, Codes, np.ndarray]:
    """The path of beta [STEPS, M], the codes of the first images, the decoded grids [pairs, STEPS, STEPS, ...]."""
    labels, images = context.labels(context.held_out), context.held_out.images
    members = [context.members(category, context.held_out, 1, random) for category in (first, second)]
    ends = group_codes(context.held_out_codes, context.resized(np.concatenate(members), random)).beta_mean
    betas = interpolation.linear_path(ends[0], ends[1], STEPS).astype(np.float32)
    shown = [category.members(labels, 1, pairs, random)[0] for category in (first, second)]
    starts, stops = (context.model.encode(images[np.newaxis, chosen]) for chosen in shown)
    grids = []
    ends_of_z = list(zip(starts.z_mean[0], stops.z_mean[0], strict=True))
    for start, stop in tqdm(ends_of_z, desc="pairs", leave=False):
        columns = interpolation.linear_path(start, stop, STEPS).astype(np.float32)
        grids.append(context.model.decode(np.repeat(columns[np.newaxis], STEPS, axis=0), betas)["image_mean"])
    return betas, starts, np.stack(grids)


def _carried(context: Context, codes: Codes, betas: np.ndarray) -> np.ndarray:
    """The decoded images when beta moves and z keeps its d and its noise [PAIRS, STEPS, H, W, C]."""
    components, p_z = codes.component_probs[0].argmax(axis=-1), context.model.prior(betas)
    paths = [
        interpolation.carried_along(z, p_z["z_mean"][:, d], p_z["z_stddev"][:, d])
        for z, d in zip(codes.z_mean[0], components, strict=True)
    ]
    z = np.stack(paths, axis=1)  # [STEPS, PAIRS, L]: a group for each beta
    return context.model.decode(z, betas)["image_mean"].swapaxes(0, 1)


def _carried_picture(carried: np.ndarray, title: str) -> Figure:
    labels = [f"{share:.0%}" for share in np.linspace(0, 1, STEPS)]
    shown = carried[: STEPS + 3].swapaxes(0, 1)  # [STEPS, images, H, W, C]
    columns = "images, each with its d and noise"
    return pictures.image_grid(shown, title, labels, columns, row_title="beta, from one group to the other")


def _picture(grid: np.ndarray, title: str) -> Figure:
    labels = [f"{share:.0%}" for share in np.linspace(0, 1, STEPS)]
    return pictures.image_grid(
        grid, title, labels, "z, from one image to the other", row_title="beta, from one group to the other"
    )


def _domain_classifier(context: Context, first: Category, second: Category) -> tuple[DomainClassifier, float]:
    """The domain classifier, fitted to real training images, and its accuracy on held-out images.

    Images with a label of both categories are left out.
    """

    def examples(images: ImageSet) -> tuple[np.ndarray, np.ndarray]:
        labels = context.labels(images)
        chosen = np.flatnonzero(first.has(labels) ^ second.has(labels))[:MAX_EXAMPLES]
        return images.images[chosen] / 255, second.has(labels[chosen])

    classifier = DomainClassifier(*examples(context.train))
    return classifier, classifier.accuracy(*examples(context.held_out))


def _flips(axis: str, probabilities: np.ndarray) -> dict[str, float]:
    return {
        f"flips_along_{axis}": interpolation.flip_share(probabilities),
        f"largest_step_along_{axis}": interpolation.largest_step(probabilities),
        f"change_along_{axis}": float((probabilities[:, -1] - probabilities[:, 0]).mean()),
    }


def _path_figure(
    context: Context, first: Category, second: Category, betas: np.ndarray, random: np.random.Generator
) -> Figure:
    groups = context.request.groups or GROUPS
    members = [context.members(category, context.held_out, groups, random) for category in (first, second)]
    members.append(sampling.random_members(len(context.held_out), groups, context.largest, random))
    codes = group_codes(context.held_out_codes, context.resized(np.concatenate(members), random)).beta_mean
    points = tsne(np.concatenate([codes, betas]), context.request.seed)
    categories = np.repeat([first.name, second.name, "random"], groups)
    title = "t-SNE of q(beta)'s means, and the path of the grid's rows"
    return charts.scatter(points[: len(codes)], categories, title, path=points[len(codes) :])


def _table(metrics: dict[str, float], first: str, second: str) -> str:
    lines = [f"{first} -> {second}: probability of the domain classifier ({PAIRS} pairs of images)", ""]
    lines.append(f"{'':34}{'flips':>8}{'mean change':>14}{'largest step':>14}")
    for axis, meaning in PATHS.items():
        values = (metrics[f"{name}_along_{axis}"] for name in ("flips", "change", "largest_step"))
        lines.append(f"{meaning:34}" + "{:>8.2f}{:>14.2f}{:>14.2f}".format(*values))
    lines.append(f"accuracy of the classifier on held-out images {metrics['classifier_accuracy']:.3f}")
    return "\n".join(lines)
