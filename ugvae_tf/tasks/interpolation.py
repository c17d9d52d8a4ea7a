"""Interpolation: rows move beta between two groups, columns move z between two images (paper figure 5)."""

import numpy as np
from matplotlib.figure import Figure

from ugvae_tf.evaluation import interpolation, sampling
from ugvae_tf.evaluation.bootstrap import share_with_interval, with_interval
from ugvae_tf.evaluation.categories import Category
from ugvae_tf.evaluation.domain_classifier import DomainClassifier, balanced_examples
from ugvae_tf.evaluation.projection import tsne
from ugvae_tf.plots.maps import scatter
from ugvae_tf.serving.codes import group_codes
from ugvae_tf.tasks import group_path, path_pictures, unlabelled
from ugvae_tf.tasks.context import Context, Report
from ugvae_tf.tasks.pairs import Pairs, category_pair

PAIRS = 50  # pairs of groups, with an image of each
GROUPS = 60  # default of `groups`: groups of each category in the t-SNE
SHOWN_PATHS = 5  # in the t-SNE
MAX_EXAMPLES = 20_000  # training images of the classifier
PATHS = {
    "beta": "along beta, z fixed",
    "beta_and_component": "along beta, z with its component",
    "z": "along z, beta fixed",
    "beta_within": "floor: along beta within {first}, z with its component",
    "reconstructions": "ceiling: the ends, reconstructed",
}


def report(context: Context) -> Report:
    """Grids of decoded images, paths in t-SNE, and the domain classifier's probabilities along the paths.

    The domain classifier (logistic regression on pixels) is fitted to real training images, of both categories in
    equal numbers. Each of PAIRS pairs has groups of its own. A path "flips" when the probability of the second
    category goes from below 0.1 to above 0.9. Intervals are over the pairs, by bootstrap or exact for shares.
    """
    context.require("has_beta", "beta, which this task moves")
    if not unlabelled.is_labelled(context):
        return group_path.report(context)
    random, (first, second) = context.generator(), category_pair(context)
    classifier, accuracy = _domain_classifier(context, first, second, random)
    pairs = Pairs.draw(context, first, second, PAIRS, random)
    within = Pairs.draw(context, first, first, PAIRS, random)
    paths = {
        "beta": pairs.along_beta(),
        "beta_and_component": pairs.along_beta_and_component(),
        "z": pairs.along_z(),
        "beta_within": within.along_beta_and_component(),
        "reconstructions": pairs.ends(),
    }  # each [PAIRS, steps, H, W, C]
    metrics = {"classifier_accuracy": accuracy}
    for name, images in paths.items():
        metrics |= _along(name, classifier.probabilities(images), random)
    figures = {
        "between": path_pictures.grid(pairs, first.name, second.name),
        "carried": path_pictures.carried(pairs, first.name, second.name),
        "within": path_pictures.grid(within, first.name, f"another group of {first.name}"),
        "path": _path_figure(context, first, second, pairs.betas, random),
    }
    return Report(metrics, figures, _table(metrics, first.name, second.name))


def _domain_classifier(
    context: Context, first: Category, second: Category, random: np.random.Generator
) -> tuple[DomainClassifier, float]:
    """The domain classifier, fitted to real training images, and its accuracy on as many held-out ones of either."""
    examples = []
    for images in (context.train, context.held_out):
        labels = context.labels(images)
        chosen, truth = balanced_examples(first.has(labels), second.has(labels), MAX_EXAMPLES, random)
        examples.append((images.images[chosen] / 255, truth))
    classifier = DomainClassifier(*examples[0])
    return classifier, classifier.accuracy(*examples[1])


def _along(name: str, probabilities: np.ndarray, random: np.random.Generator) -> dict[str, float]:
    """Measures of the probabilities [pairs, steps] along one path, with their intervals."""
    return {
        **share_with_interval(f"flips_along_{name}", interpolation.flips(probabilities)),
        **with_interval(f"largest_step_along_{name}", interpolation.largest_steps(probabilities), random),
        **with_interval(f"change_along_{name}", interpolation.changes(probabilities), random),
    }


def _path_figure(
    context: Context, first: Category, second: Category, betas: np.ndarray, random: np.random.Generator
) -> Figure:
    """t-SNE of groups and of the first paths of betas [STEPS, PAIRS, M]."""
    groups = context.request.groups or GROUPS
    members = [context.members(category, context.held_out, groups, random) for category in (first, second)]
    members.append(sampling.random_members(len(context.held_out), groups, context.largest, random))
    codes = group_codes(context.held_out_codes, context.resized(np.concatenate(members), random)).beta_mean
    shown = list(betas[:, :SHOWN_PATHS].swapaxes(0, 1))
    points = tsne(np.concatenate([codes, *shown]), context.request.seed)
    paths = np.split(points[len(codes) :], len(shown))
    categories = np.repeat([first.name, second.name, "random"], groups)
    heading = f"Codes of groups, and {len(paths)} paths from {first.name} to {second.name}"
    caption = f"Each point is a group of {context.group_size} held-out images, by the mean of q(beta)."
    return scatter(points[: len(codes)], categories, heading, caption, paths)


def _table(metrics: dict[str, float], first: str, second: str) -> str:
    lines = [f"{first} -> {second}: probability of the domain classifier, {PAIRS} pairs of groups and images"]
    lines += ["95 % intervals over the pairs", ""]
    lines.append(f"{'':58}{'flips':>22}{'mean change':>26}{'largest step':>24}")
    for axis, meaning in PATHS.items():
        cells = [
            f"{metrics[name]:.2f} ({metrics[f'{name}_low']:.2f} to {metrics[f'{name}_high']:.2f})"
            for name in (f"{measure}_along_{axis}" for measure in ("flips", "change", "largest_step"))
        ]
        lines.append(f"{meaning.format(first=first):58}" + "{:>22}{:>26}{:>24}".format(*cells))
    lines.append(f"accuracy of the classifier on held-out images {metrics['classifier_accuracy']:.3f} (.5 by chance)")
    return "\n".join(lines)
