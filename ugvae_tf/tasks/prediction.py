"""Prediction: the bound of a group's images given beta of its other images, compared with other betas."""

import numpy as np
from matplotlib.figure import Figure
from tqdm import tqdm

from ugvae_tf.errors import UserError
from ugvae_tf.evaluation import likelihood
from ugvae_tf.evaluation.bootstrap import with_interval
from ugvae_tf.evaluation.prediction import bounds_given_betas
from ugvae_tf.plots.curves import curves
from ugvae_tf.serving.codes import group_codes
from ugvae_tf.tasks.context import Context, Report
from ugvae_tf.tasks.draws import drawn, draws, most

GROUPS = 50  # default of `groups`: groups of each draw
JUDGED = 64  # images of a group whose bound is computed, or half of the group
CONTEXTS = (1, 2, 5, 10, 20, 50, 100)  # other images of the group, from which beta is computed
MEASURES = {
    "own": "own: given beta of the group's other images",
    "over_mean": "over mean: own minus the same given the average beta",
    "gain": "gain: own minus the same given another group's beta",
}
HEADINGS = {  # of the figures, titles of their y axes, and how to read them
    "own": ("How well images are predicted from beta of their own group", "bound, nats per image", "Higher is better."),
    "over_mean": (
        "What beta of the own group adds to the average beta",
        "difference, nats per image",
        "0: it adds nothing.",
    ),
    "gain": (
        "What beta of the own group adds to beta of another group",
        "difference, nats per image",
        "0: it adds nothing.",
    ),
}


def report(context: Context) -> Report:
    """Own, over mean and gain in nats per image, for every draw and number of context images, with intervals.

    beta is the mean of q(beta). The average beta is that of the other groups, at the largest context.
    """
    context.require("has_beta", "beta, which this task predicts images from")
    metrics: dict[str, float] = {}
    meanings = draws(context)
    for draw in tqdm(meanings, desc="draws", leave=False):
        random = context.generator(list(meanings).index(draw))
        for name, values in _measured(context, draw, random).items():
            metrics |= with_interval(f"{draw}_{name}", values, random)
    return Report(metrics, {name: _figure(metrics, meanings, name) for name in MEASURES}, _table(metrics, meanings))


def _measured(context: Context, draw: str, random: np.random.Generator) -> dict[str, np.ndarray]:
    """Mean over the predicted images of each group, for every context and measure: each [groups]."""
    size = most(context, draw, context.held_out)
    judged = min(JUDGED, size // 2)
    contexts = [count for count in CONTEXTS if judged and count <= size - judged]
    if not contexts:
        raise UserError(f"Groups of {size} images are too small: give groups of two images or more.")
    size = judged + contexts[-1]
    members = drawn(context, draw, context.held_out, context.request.groups or GROUPS, size, random, least=size)
    if len(members) < 2:
        raise UserError("A single group has no other group beside it: give `groups` of 2 or more.")
    betas = _betas(context, members[:, judged:], contexts)
    bounds = np.stack(
        [
            _bounds(context, group, of_group, random)
            for group, of_group in zip(tqdm(members[:, :judged], desc=draw, leave=False), betas, strict=True)
        ]
    )  # [groups, betas]
    own, other, mean = bounds[:, : len(contexts)], bounds[:, len(contexts) : -1], bounds[:, -1]
    found = {}
    for place, count in enumerate(contexts):
        found[f"{count}_own"] = own[:, place]
        found[f"{count}_over_mean"] = own[:, place] - mean
        found[f"{count}_gain"] = own[:, place] - other[:, place]
    return found


def _betas(context: Context, members: np.ndarray, contexts: list[int]) -> np.ndarray:
    """For each group its own beta at every context, that of the next group, and the average: [groups, 2n + 1, M]."""
    codes = [group_codes(context.held_out_codes, members[:, :count]).beta_mean for count in contexts]
    own = np.stack(codes, axis=1)
    last = own[:, -1:]
    average = (last.sum(axis=0) - last) / (len(last) - 1)
    return np.concatenate([own, np.roll(own, 1, axis=0), average], axis=1).astype(np.float32)


def _bounds(context: Context, group: np.ndarray, betas: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The bound of a group's images given each beta [C, M], averaged over the images: [C]."""
    images = context.held_out.images[group]
    codes = context.model.encode(images)
    z = likelihood.sample(random, codes.z_mean, codes.z_stddev)[0]
    optimal = context.model.settings.model.component_posterior == "optimal"
    return bounds_given_betas(context.model, images / 255, codes, z, betas, optimal).mean(axis=1)


def _contexts(metrics: dict[str, float], draw: str) -> list[int]:
    return [count for count in CONTEXTS if f"{draw}_{count}_own" in metrics]


def _figure(metrics: dict[str, float], meanings: dict[str, str], measure: str) -> Figure:
    lines = {
        meaning: np.array(
            [
                [count, *(metrics[f"{draw}_{count}_{measure}{end}"] for end in ("", "_low", "_high"))]
                for count in _contexts(metrics, draw)
            ]
        )
        for draw, meaning in meanings.items()
    }
    heading, y_title, reading = HEADINGS[measure]
    caption = f"The bound on log p(x) of images of held-out groups, with beta from other images of each. {reading}"
    return curves(
        lines,
        heading,
        f"{caption} Lines with ends: 95 % intervals over the groups.",
        ("images of the group that beta comes from", y_title),
        level=None if measure == "own" else 0.0,
    )


def _table(metrics: dict[str, float], meanings: dict[str, str]) -> str:
    lines = ["Bound of held-out images of a group, nats per image, with 95 % intervals over the groups", ""]
    lines += [*MEASURES.values(), "over mean and gain are 0 where beta is uninformative", ""]
    lines.append(f"{'':42}{'context':>8}{'own':>10}{'over mean':>30}{'gain':>30}")
    for draw, meaning in meanings.items():
        for count in _contexts(metrics, draw):
            prefix = f"{draw}_{count}_"
            cells = [
                f"{metrics[prefix + name]:.2f} ({metrics[prefix + name + '_low']:.2f} to "
                f"{metrics[prefix + name + '_high']:.2f})"
                for name in ("over_mean", "gain")
            ]
            lines.append(f"{meaning:42}{count:>8}{metrics[prefix + 'own']:>10.2f}{cells[0]:>30}{cells[1]:>30}")
    return "\n".join(lines)
