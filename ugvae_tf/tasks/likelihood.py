"""Likelihood: the ELBO of held-out groups with its terms, and tighter bounds by importance sampling."""

from math import isqrt

import numpy as np
from tqdm import tqdm

from ugvae_tf.errors import UserError
from ugvae_tf.evaluation import likelihood, sampling
from ugvae_tf.plots import charts
from ugvae_tf.tasks.context import Context, Report

GROUPS = 20  # default of `groups`
SAMPLES = (1, 25, 100)  # default importance samples per image; all are squares


def report(context: Context) -> Report:
    """ELBO and importance-weighted bounds in nats per image, mean and standard error over the groups."""
    random, loops = context.generator(), _loops(context)
    images, groups = context.held_out.images, context.request.groups or GROUPS
    members = context.resized(sampling.random_members(len(images), groups, context.largest, random), random)
    found: dict[str, list[float]] = {}
    for group in tqdm(members, desc="groups", leave=False):
        for name, value in _bounds(context, images[np.newaxis, group[group >= 0]] / 255, loops, random).items():
            found.setdefault(name, []).append(value)
    metrics = {name: float(np.mean(values)) for name, values in found.items()}
    metrics |= {f"{name}_standard_error": float(np.std(v) / np.sqrt(len(v))) for name, v in found.items()}
    metrics["bits_per_dimension"] = _bits(metrics["elbo"], images[0].size, context)
    bounds = {"elbo": "ELBO", **{f"iw_{samples}": f"IW, {samples:,}\nper image" for samples in loops}}
    errors = [metrics[f"{name}_standard_error"] for name in bounds]
    figure = charts.bounds([metrics[name] for name in bounds], errors, list(bounds.values()))
    return Report(metrics, {"bounds": figure}, _table(metrics, groups))


def _loops(context: Context) -> dict[int, tuple[int, int]]:
    """The numbers of samples (outer, inner) of each bound, by its importance samples per image.

    In a model with beta, both are the square root of the number. A model without beta uses the inner
    loop only: the outer loop would average products over the whole group, which hardly tightens the
    bound, while the inner loop averages for each image.

    Raises:
        UserError: the model has beta, and `samples` is not a square number.
    """
    asked, config = context.request.samples, context.model.settings.model
    totals = (1, asked) if asked else SAMPLES
    if not config.has_beta:
        return {total: (1, total) for total in totals}
    if asked and isqrt(asked) ** 2 != asked:
        raise UserError(
            f"`samples={asked}` must be a square number: {config.model} needs as many samples of beta as of z for "
            f"each beta. Give {(isqrt(asked) + 1) ** 2}."
        )
    return {total: (isqrt(total), isqrt(total)) for total in totals}


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
