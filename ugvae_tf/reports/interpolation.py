"""Interpolation: rows move beta between two groups, columns move z between two images (paper figure 5)."""

import numpy as np
from matplotlib.figure import Figure
from tqdm import tqdm

from ugvae_tf.datasets import structured
from ugvae_tf.datasets.categories import Category
from ugvae_tf.datasets.loading import ImageSet
from ugvae_tf.errors import UserError
from ugvae_tf.evaluation import interpolation
from ugvae_tf.evaluation.codes import group_codes
from ugvae_tf.evaluation.image_judge import ImageJudge
from ugvae_tf.evaluation.projection import tsne
from ugvae_tf.plots import charts, pictures
from ugvae_tf.reports.subject import Report, Subject
from ugvae_tf.serving import Arrays

STEPS = 7
PAIRS = 50  # of images that the classifier judges
GROUPS = 60  # of each category in the t-SNE, unless --groups says otherwise
MAX_EXAMPLES = 20_000  # training images that the classifier learns from
PATHS = {
    "beta": "along beta, z fixed",
    "beta_and_component": "along beta, z with its component",
    "z": "along z, beta fixed",
}


def report(subject: Subject) -> Report:
    """Grids of decoded images, t-SNE path, and what a classifier of the category sees on the way.

    The classifier (logistic regression on pixels) is trained on real training images. A path
    "flips" when it goes from below 0.1 to above 0.9 in its probability of the second category.
    Three paths: beta moves and z stays (paper figure 5, rows); beta moves, and z keeps its place in
    its component, which beta moves (eq. 3); z moves and beta stays (figure 5, columns).
    """
    subject.require("has_beta", "beta, which this task moves")
    random, (first, second) = subject.generator(), _between(subject)
    betas, starts, grids = _grids(subject, first, second, random)
    _, _, within = _grids(subject, first, first, random, pairs=1)
    carried = _carried(subject, starts, betas)
    judge, accuracy = _judge(subject, first, second)
    paths = {"beta": grids[:, :, 0], "beta_and_component": carried, "z": grids[:, 0, :]}  # [PAIRS, STEPS, H, W, C]
    metrics = {"classifier_accuracy": accuracy}
    for name, images in paths.items():
        metrics |= _flips(name, judge.probabilities(images))
    figures = {
        "between": _picture(grids[0], f"From {first.name} to {second.name}"),
        "carried": _carried_picture(carried, f"From {first.name} to {second.name}"),
        "within": _picture(within[0], f"Within {first.name}"),
        "path": _path_figure(subject, first, second, betas, random),
    }
    return Report(metrics, figures, _table(metrics, first.name, second.name))


def _between(subject: Subject) -> tuple[Category, Category]:
    """The two categories that --between names, or the first two."""
    known = {category.name: category for category in subject.categories("digit-sets")}
    names = subject.request.between.split(",") if subject.request.between else list(known)[:2]
    if len(names) != 2 or not set(names) <= set(known):
        raise UserError(f"--between needs two of {', '.join(known)}, such as {','.join(list(known)[:2])}.")
    return known[names[0]], known[names[1]]


def _grids(
    subject: Subject, first: Category, second: Category, random: np.random.Generator, pairs: int = PAIRS
) -> tuple[np.ndarray, Arrays, np.ndarray]:
    """The path of beta [STEPS, M], the first images' codes, every pair's decoded grid [pairs, STEPS, STEPS, ...]."""
    labels, images = subject.labels(subject.held_out), subject.held_out.images
    members = [subject.members(category, subject.held_out, 1, random) for category in (first, second)]
    ends = group_codes(subject.held_out_codes, subject.resized(np.concatenate(members), random)).beta_mean
    betas = interpolation.linear_path(ends[0], ends[1], STEPS).astype(np.float32)
    shown = [category.members(labels, 1, pairs, random)[0] for category in (first, second)]
    starts, stops = (subject.model.encode(images[np.newaxis, chosen]) for chosen in shown)
    grids = []
    ends_of_z = list(zip(starts["z_mean"][0], stops["z_mean"][0], strict=True))
    for start, stop in tqdm(ends_of_z, desc="pairs", leave=False):
        columns = interpolation.linear_path(start, stop, STEPS).astype(np.float32)
        grids.append(subject.model.decode(np.repeat(columns[np.newaxis], STEPS, axis=0), betas)["image_mean"])
    return betas, starts, np.stack(grids)


def _carried(subject: Subject, codes: Arrays, betas: np.ndarray) -> np.ndarray:
    """What becomes of coded images when beta moves and takes z along in its component [PAIRS, STEPS, H, W, C]."""
    components, p_z = codes["component_probs"][0].argmax(axis=-1), subject.model.prior(betas)
    paths = [
        interpolation.carried_along(z, p_z["z_mean"][:, d], p_z["z_stddev"][:, d])
        for z, d in zip(codes["z_mean"][0], components, strict=True)
    ]
    z = np.stack(paths, axis=1)  # [STEPS, PAIRS, L]: a group for each beta
    return subject.model.decode(z, betas)["image_mean"].swapaxes(0, 1)


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


def _judge(subject: Subject, first: Category, second: Category) -> tuple[ImageJudge, float]:
    """Is the image of the second category? Fitted to real training images; its accuracy on held-out ones.

    Images of labels that both categories have say nothing, and are left out.
    """

    def examples(images: ImageSet) -> tuple[np.ndarray, np.ndarray]:
        labels = subject.labels(images)
        chosen = np.flatnonzero(first.has(labels) ^ second.has(labels))[:MAX_EXAMPLES]
        return images.images[chosen] / 255, second.has(labels[chosen])

    judge = ImageJudge(*examples(subject.train))
    return judge, judge.accuracy(*examples(subject.held_out))


def _flips(axis: str, probabilities: np.ndarray) -> dict[str, float]:
    return {
        f"flips_along_{axis}": interpolation.flip_share(probabilities),
        f"largest_step_along_{axis}": interpolation.largest_step(probabilities),
        f"change_along_{axis}": float((probabilities[:, -1] - probabilities[:, 0]).mean()),
    }


def _path_figure(
    subject: Subject, first: Category, second: Category, betas: np.ndarray, random: np.random.Generator
) -> Figure:
    groups = subject.request.groups or GROUPS
    members = [subject.members(category, subject.held_out, groups, random) for category in (first, second)]
    members.append(structured.random_members(len(subject.held_out), groups, subject.largest, random))
    codes = group_codes(subject.held_out_codes, subject.resized(np.concatenate(members), random)).beta_mean
    points = tsne(np.concatenate([codes, betas]), subject.request.seed)
    categories = np.repeat([first.name, second.name, "random"], groups)
    title = "t-SNE of q(beta)'s means, and the path of the grid's rows"
    return charts.scatter(points[: len(codes)], categories, title, path=points[len(codes) :])


def _table(metrics: dict[str, float], first: str, second: str) -> str:
    lines = [f"{first} -> {second}, as a classifier of the category sees it ({PAIRS} pairs of images)", ""]
    lines.append(f"{'':34}{'flips':>8}{'mean change':>14}{'largest step':>14}")
    for axis, meaning in PATHS.items():
        values = (metrics[f"{name}_along_{axis}"] for name in ("flips", "change", "largest_step"))
        lines.append(f"{meaning:34}" + "{:>8.2f}{:>14.2f}{:>14.2f}".format(*values))
    lines.append(f"accuracy of the classifier on held-out images {metrics['classifier_accuracy']:.3f}")
    return "\n".join(lines)
