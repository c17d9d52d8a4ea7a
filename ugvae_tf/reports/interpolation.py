"""Interpolation: rows move beta between two groups, columns move z between two images (paper figure 5)."""

import numpy as np
from matplotlib.figure import Figure
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from tqdm import tqdm

from ugvae_tf.datasets import structured
from ugvae_tf.evaluation import interpolation
from ugvae_tf.evaluation.codes import group_codes
from ugvae_tf.evaluation.projection import tsne
from ugvae_tf.plots import charts, pictures
from ugvae_tf.reports.subject import Report, Subject

STEPS = 7
PAIRS = 50  # of images that the classifier judges
GROUPS = 60  # of each category in the t-SNE, unless --groups says otherwise
FIRST, SECOND = "even", "odd"  # of structured.DIGIT_SETS


def report(subject: Subject) -> Report:
    """Grid of decoded images, t-SNE path, and what a classifier of the category sees on the way.

    The classifier (logistic regression on pixels) is trained on real training images. A path
    "flips" when it goes from below 0.1 to above 0.9 in its probability of the second category.
    """
    random = subject.generator()
    betas = _beta_path(subject, random)  # [STEPS, M]
    images = {name: _images_of(subject, name, random) for name in (FIRST, SECOND)}  # each [PAIRS, H, W, C]
    z = {name: subject.model.encode(found[np.newaxis])["z_mean"][0] for name, found in images.items()}
    classifier, accuracy = _classifier(subject)
    grids = []
    for first, second in tqdm(list(zip(z[FIRST], z[SECOND], strict=True)), desc="pairs", leave=False):
        columns = interpolation.linear_path(first, second, STEPS).astype(np.float32)
        grids.append(subject.model.decode(np.repeat(columns[np.newaxis], STEPS, axis=0), betas)["image_mean"])
    judged = np.stack([_judge(classifier, grid) for grid in grids])  # [PAIRS, rows of beta, columns of z]
    metrics = {"classifier_accuracy": accuracy, **_flips("beta", judged[:, :, 0]), **_flips("z", judged[:, 0, :])}
    figures = {
        "grid": pictures.image_grid(
            grids[0],
            f"From {FIRST} to {SECOND} digits",
            [f"{share:.0%}" for share in np.linspace(0, 1, STEPS)],
            "z, from an image of the first to one of the second",
            row_title="beta, from the first group to the second",
        ),
        "path": _path_figure(subject, betas, random),
    }
    return Report(metrics, figures, _table(metrics))


def _members(subject: Subject, name: str, groups: int, size: int, random: np.random.Generator) -> np.ndarray:
    return structured.members_among(subject.labels(subject.held_out), structured.DIGIT_SETS[name], groups, size, random)


def _beta_path(subject: Subject, random: np.random.Generator) -> np.ndarray:
    """From the mean of q(beta) of a group of the first category to that of the second."""
    members = [_members(subject, name, 1, subject.largest, random) for name in (FIRST, SECOND)]
    ends = group_codes(subject.held_out_codes, subject.resized(np.concatenate(members), random)).beta_mean
    return interpolation.linear_path(ends[0], ends[1], STEPS).astype(np.float32)


def _images_of(subject: Subject, name: str, random: np.random.Generator) -> np.ndarray:
    return subject.held_out.images[_members(subject, name, 1, PAIRS, random)[0]]


def _classifier(subject: Subject) -> tuple[Pipeline, float]:
    """Is the digit of the second category? Fitted to real training images; its accuracy on held-out ones."""
    first, second = (set(structured.DIGIT_SETS[name]) for name in (FIRST, SECOND))
    only = [sorted(first - second), sorted(second - first)]

    def examples(images: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        chosen = np.isin(labels, only[0] + only[1])
        return images[chosen].reshape(chosen.sum(), -1) / 255, np.isin(labels[chosen], only[1])

    pixels, answers = examples(subject.train.images[:20_000], subject.labels(subject.train)[:20_000])
    classifier = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=200)).fit(pixels, answers)
    return classifier, float(classifier.score(*examples(subject.held_out.images, subject.labels(subject.held_out))))


def _judge(classifier: Pipeline, grid: np.ndarray) -> np.ndarray:
    """Probability of the second category of every image of a grid [rows, columns]."""
    return classifier.predict_proba(grid.reshape(STEPS * STEPS, -1))[:, 1].reshape(STEPS, STEPS)


def _flips(axis: str, probabilities: np.ndarray) -> dict[str, float]:
    return {
        f"flips_along_{axis}": interpolation.flip_share(probabilities),
        f"largest_step_along_{axis}": interpolation.largest_step(probabilities),
        f"change_along_{axis}": float((probabilities[:, -1] - probabilities[:, 0]).mean()),
    }


def _path_figure(subject: Subject, betas: np.ndarray, random: np.random.Generator) -> Figure:
    groups = subject.request.groups or GROUPS
    members = [_members(subject, name, groups, subject.largest, random) for name in (FIRST, SECOND)]
    members.append(structured.random_members(len(subject.held_out), groups, subject.largest, random))
    codes = group_codes(subject.held_out_codes, subject.resized(np.concatenate(members), random)).beta_mean
    points = tsne(np.concatenate([codes, betas]), subject.request.seed)
    categories = np.repeat([FIRST, SECOND, "random"], groups)
    title = "t-SNE of q(beta)'s means, and the path of the grid's rows"
    return charts.scatter(points[: len(codes)], categories, title, path=points[len(codes) :])


def _table(metrics: dict[str, float]) -> str:
    lines = [f"{FIRST} -> {SECOND}, as a classifier of the category sees it ({PAIRS} pairs of images)", ""]
    lines.append(f"{'':22}{'flips':>8}{'mean change':>14}{'largest step':>14}")
    for axis, meaning in (("beta", "along beta, z fixed"), ("z", "along z, beta fixed")):
        values = (metrics[f"{name}_along_{axis}"] for name in ("flips", "change", "largest_step"))
        lines.append(f"{meaning:22}" + "{:>8.2f}{:>14.2f}{:>14.2f}".format(*values))
    lines.append(f"accuracy of the classifier on held-out images {metrics['classifier_accuracy']:.3f}")
    return "\n".join(lines)
