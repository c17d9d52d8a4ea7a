"""Likelihood: the ELBO of held-out groups with its terms, and tighter bounds by importance sampling."""

import numpy as np
from matplotlib.figure import Figure
from tqdm import tqdm

from ugvae_tf.errors import UserError
from ugvae_tf.evaluation import likelihood, sampling
from ugvae_tf.evaluation.bootstrap import standard_error
from ugvae_tf.plots.bars import Bar, points
from ugvae_tf.tasks.context import Context, Report

GROUPS = 20  # default of `groups`
SAMPLES = (1, 25, 100)  # default importance samples of z per image
BETAS = 2  # samples of beta, in a bound with more than one sample; five add 0.2 nats an image on saved_models/mnist


def report(context: Context) -> Report:
    """ELBO and importance-weighted bounds in nats per image, mean and standard error over the groups."""
    random, loops = context.generator(), _loops(context)
    images, groups = context.held_out.images, context.request.groups or GROUPS
    if groups < 2:
        raise UserError("One group has no standard error: give `groups` of 2 or more.")
    members = context.resized(sampling.random_members(len(images), groups, context.largest, random), random)
    found: dict[str, list[float]] = {}
    for group in tqdm(members, desc="groups", leave=False):
        for name, value in _bounds(context, images[np.newaxis, group[group >= 0]] / 255, loops, random).items():
            found.setdefault(name, []).append(value)
    metrics = {name: float(np.mean(values)) for name, values in found.items()}
    metrics |= {f"{name}_standard_error": standard_error(v) for name, v in found.items()}
    metrics["bits_per_dimension"] = _bits(metrics["elbo"], images[0].size, context)
    return Report(metrics, {"bounds": _figure(metrics, list(loops), groups)}, _table(metrics, groups))


def _figure(metrics: dict[str, float], samples: list[int], groups: int) -> Figure:
    names = {"elbo": "evidence lower bound (ELBO)"}
    names |= {
        f"iw_{count}": f"importance-weighted bound, {count:,} sample{'s' * (count > 1)} of z an image"
        for count in samples
    }
    ends = {name: metrics[f"{name}_standard_error"] for name in names}
    rows = {
        meaning: Bar(metrics[name], metrics[name] - ends[name], metrics[name] + ends[name])
        for name, meaning in names.items()
    }
    return points(
        rows,
        "Lower bounds of the log likelihood of held-out groups",
        f"Mean over {groups} groups; lines: the standard error. Higher is better; more samples make a bound tighter.",
        "log p(X), nats per image",
    )


def _loops(context: Context) -> dict[int, tuple[int, int]]:
    """The numbers of samples (of beta, of z) of each bound, by its importance samples per image.

    All models have as many samples of each z, so that their bounds compare. A model with beta has BETAS samples of
    beta in addition, each of which takes all those of z: every one of them costs as much time as all samples of z.
    """
    asked = context.request.samples
    betas = BETAS if context.model.settings.model.has_beta else 1
    return {samples: (min(betas, samples), samples) for samples in ((1, asked) if asked else SAMPLES)}


def _bounds(
    context: Context, group: np.ndarray, loops: dict[int, tuple[int, int]], random: np.random.Generator
) -> dict[str, float]:
    """Terms and bounds of one group [1, B, H, W, C], each divided by B."""
    size = group.shape[1]
    terms = {name: value[0] / size for name, value in likelihood.elbo_terms(context.model, group, random).items()}
    elbo = terms["log_px"] - terms["kl_z"] - terms["kl_d"] - terms["kl_beta"]
    weighted = {
        f"iw_{samples}": likelihood.importance_weighted_bound(context.model, group, *loop, random)[0] / size
        for samples, loop in loops.items()
    }
    return {"elbo": elbo, **terms, **weighted}


def _bits(elbo: float, pixels: int, context: Context) -> float:
    """Bits per dimension; for a density, the probability of a grey level is the density times its width, 1/256."""
    is_density = context.model.settings.model.likelihood == "gaussian"
    return float(-elbo / (pixels * np.log(2)) + (np.log2(256) if is_density else 0))


def _table(metrics: dict[str, float], groups: int) -> str:
    lines = [f"Nats per image, mean +- standard error over {groups} held-out groups", ""]
    for name in [name.removesuffix("_standard_error") for name in metrics if name.endswith("_standard_error")]:
        lines.append(f"{name:10} {metrics[name]:10.2f} +- {metrics[f'{name}_standard_error']:.2f}")
    lines.append(f"{'bits per dimension of the ELBO':30} {metrics['bits_per_dimension']:.3f}")
    return "\n".join(lines)
