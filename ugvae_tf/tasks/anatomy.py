"""Anatomy: the KL terms of beta and of z, divided into information and what the prior misses."""

from typing import NamedTuple

import numpy as np

from ugvae_tf.errors import UserError
from ugvae_tf.evaluation.anatomy import anatomy, kl_from_mixture
from ugvae_tf.evaluation.bootstrap import with_interval
from ugvae_tf.plots import charts
from ugvae_tf.serving.codes import group_codes
from ugvae_tf.tasks.context import Context, Report
from ugvae_tf.tasks.draws import drawn_as_trained

GROUPS = 2000  # default of `groups`: held-out groups
IMAGES = 2000  # held-out images
PRIOR_COMPONENTS = 20_000  # of the mixture that stands for p(z)
FEWEST = 4  # groups or images
UNITS = {"beta": "nats a group", "z": "nats an image"}


class Posteriors(NamedTuple):
    """Posteriors of one latent variable, and their KL from its prior."""

    means: np.ndarray  # [N, F]
    stddevs: np.ndarray  # [N, F]
    kl: np.ndarray  # [N]


def report(context: Context) -> Report:
    """I(data; latent), KL(aggregate posterior || prior), total correlation and active units of beta and of z.

    p(z) is the marginal over d and beta, so the KL of z is not `kl_z` of the bound, which is given beta.
    """
    metrics: dict[str, float] = {}
    for place, name in enumerate(_variables(context)):
        random = context.generator(place)
        posteriors = _betas(context, random) if name == "beta" else _zs(context, random)
        if len(posteriors.kl) < FEWEST:
            raise UserError(f"{len(posteriors.kl)} posteriors of {name} are too few: give `groups` of 4 or more.")
        metrics |= {f"{name}_{key}": value for key, value in _measured(posteriors, random).items()}
    variables = _variables(context)
    return Report(metrics, {"anatomy": charts.anatomy_bars(metrics, variables)}, _table(metrics, variables))


def _variables(context: Context) -> dict[str, str]:
    """The latent variables of the model, with the unit of their terms."""
    return {name: unit for name, unit in UNITS.items() if name == "z" or context.model.settings.model.has_beta}


def _betas(context: Context, random: np.random.Generator) -> Posteriors:
    """q(beta) of held-out groups: random ones, or by the label that the model was trained with or `group_by`."""
    members = drawn_as_trained(context, context.held_out, context.request.groups or GROUPS, random)
    codes, p_beta = group_codes(context.held_out_codes, context.resized(members, random)), context.model.global_prior(1)
    prior = p_beta["beta_mean"], p_beta["beta_stddev"], np.ones(1)
    return Posteriors(*codes[:2], kl_from_mixture(*codes[:2], *prior, random))


def _zs(context: Context, random: np.random.Generator) -> Posteriors:
    """q(z) of held-out images, and p(z) as the mixture of all components under many betas ~ p(beta)."""
    images = context.held_out.images[random.permutation(len(context.held_out))[:IMAGES]]
    codes = context.model.encode(images[:, np.newaxis])
    moments = codes.z_mean[:, 0].astype(float), codes.z_stddev[:, 0].astype(float)
    return Posteriors(*moments, kl_from_mixture(*moments, *_marginal_prior(context, random), random))


def _marginal_prior(context: Context, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Means and deviations [C, L] and probabilities [C] of the components of p(z)."""
    config = context.model.settings.model
    betas = max(1, PRIOR_COMPONENTS // config.components) if config.has_beta else 1
    p_beta = context.model.global_prior(betas)
    beta = p_beta["beta_mean"] + p_beta["beta_stddev"] * random.standard_normal(p_beta["beta_mean"].shape)
    p_z = context.model.prior(beta.astype(np.float32))
    local_size = p_z["z_mean"].shape[-1]
    moments = (p_z[name].reshape(-1, local_size).astype(float) for name in ("z_mean", "z_stddev"))
    mean, stddev = moments
    return mean, stddev, p_z["component_probs"].ravel().astype(float) / betas


def _measured(posteriors: Posteriors, random: np.random.Generator) -> dict[str, float]:
    found = anatomy(posteriors.means, posteriors.stddevs, random)
    means = {
        "kl": posteriors.kl,
        "information_lower_bound": found.information_lower,
        "information_upper_bound": found.information_upper,
    }
    metrics = {key: value for name, each in means.items() for key, value in with_interval(name, each, random).items()}
    low, high = metrics["information_lower_bound"], metrics["information_upper_bound"]
    for name, whole in (("aggregate_kl", metrics["kl"]), ("total_correlation", found.dimension_information)):
        metrics[f"{name}_lower_bound"] = max(0.0, whole - high)
        metrics[f"{name}_upper_bound"] = max(0.0, whole - low)
    counts = {"information_limit": np.log(len(posteriors.kl)), "units": posteriors.means.shape[1]}
    return metrics | {name: float(x) for name, x in counts.items()} | {"active_units": float(found.active_units)}


def _table(metrics: dict[str, float], variables: dict[str, str]) -> str:
    lines = ["KL(posterior || prior) = information + KL(aggregate posterior || prior), on held-out data", ""]
    for name, unit in variables.items():
        mean, low, high = (metrics[f"{name}_kl{end}"] for end in ("", "_low", "_high"))
        lines.append(f"{name}, {unit}")
        lines.append(f"  {'mean KL(posterior || prior)':42}{mean:.2f} ({low:.2f} to {high:.2f})")
        for term, meaning in (
            ("information", "I(data; latent), between two bounds"),
            ("aggregate_kl", "KL(aggregate posterior || prior)"),
            ("total_correlation", "total correlation of the aggregate"),
        ):
            ends = (metrics[f"{name}_{term}_{end}_bound"] for end in ("lower", "upper"))
            lines.append(f"  {meaning:42}" + "{:.2f} to {:.2f}".format(*ends))
        lines.append(f"  {'limit of the lower bound, log N':42}{metrics[f'{name}_information_limit']:.2f}")
        used, units = (int(metrics[f"{name}_{key}"]) for key in ("active_units", "units"))
        lines += [f"  {'active units':42}{used} of {units}", ""]
    return "\n".join(lines[:-1])
