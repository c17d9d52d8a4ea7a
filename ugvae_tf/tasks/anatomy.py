"""Anatomy: the KL terms of beta and of z, divided into information and KL(aggregate posterior || prior)."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from ugvae_tf.errors import UserError
from ugvae_tf.evaluation.anatomy import anatomy, kl_from_mixture
from ugvae_tf.evaluation.bootstrap import with_interval
from ugvae_tf.plots.ranges import ranges
from ugvae_tf.serving.codes import group_codes
from ugvae_tf.tasks.context import Context, Report
from ugvae_tf.tasks.draws import drawn

GROUPS = 2000  # default of `groups`: held-out groups
IMAGES = 2000  # held-out images
PRIOR_COMPONENTS = 20_000  # of the mixture that stands for p(z)
FEWER = 4  # times fewer betas in the second estimate of p(z)
FEWEST = 4  # groups or images
PARTS = {
    "information": "of this, information about the data",
    "aggregate_kl": "of this, aggregate of {name} from its prior",
}
UNITS = {"beta": "nats a group", "z": "nats an image"}


class Posteriors(NamedTuple):
    """Posteriors of one latent variable, and their KL from its prior."""

    means: np.ndarray  # [N, F]
    stddevs: np.ndarray  # [N, F]
    kl: np.ndarray  # [N]
    fewer: np.ndarray | None  # [N], the KL with FEWER times fewer betas in p(z); None if the prior is exact
    drawn: str  # what the intervals are over


def report(context: Context) -> Report:
    """I(data; latent), KL(aggregate posterior || prior), total correlation and active units of beta and of z.

    p(z) is the marginal over d and beta, so the KL of z is not `kl_z` of the bound, which is given beta. In a model
    with beta it is an upper bound: log p(z) is the log of an average over betas ~ p(beta), which is too small on
    average.
    """
    metrics: dict[str, float] = {}
    titles: dict[str, str] = {}
    for place, name in enumerate(_variables(context)):
        random = context.generator(place)
        posteriors = _betas(context, random) if name == "beta" else _zs(context, random)
        if len(posteriors.kl) < FEWEST:
            raise UserError(
                f"{len(posteriors.kl)} posteriors of {name} are too few: give more `groups`, or a `dataset` with more "
                "images."
            )
        metrics |= {f"{name}_{key}": value for key, value in _measured(posteriors, random).items()}
        bound = "" if posteriors.fewer is None else "; the KL is an upper bound"
        titles[name] = f"{UNITS[name]}, {len(posteriors.kl)} {posteriors.drawn}{bound}"
    return Report(
        metrics, {name: _figure(metrics, name, title) for name, title in titles.items()}, _table(metrics, titles)
    )


def _figure(metrics: dict[str, float], name: str, title: str) -> Figure:
    whole = metrics[f"{name}_kl"]
    rows = {f"KL divergence of {name} from its prior": (whole, whole)}
    for term, meaning in PARTS.items():
        low = metrics.get(f"{name}_{term}_lower_bound", 0.0)
        rows[meaning.format(name=name)] = min(low, whole), min(metrics[f"{name}_{term}_upper_bound"], whole)
    return ranges(
        rows,
        f"What the KL divergence of {name} from its prior consists of",
        "Its two parts add up to it: what a code tells about its own data, and how far the codes of all data together "
        "(the aggregate) are from the prior that new images are drawn from.",
        title,
    )


def _variables(context: Context) -> list[str]:
    """The latent variables of the model; without beta, with a note, if a group label has too few values."""
    label, names = context.group_label, ["z"]
    if not context.model.settings.model.has_beta:
        return names
    if label is not None and (values := len(np.unique(context.held_out.group_label(label)))) < FEWEST:
        context.notes.setdefault(f"beta is left out: '{label}' has {values} values, fewer than {FEWEST}.")
        return names
    return ["beta", *names]


def _betas(context: Context, random: np.random.Generator) -> Posteriors:
    """q(beta) of held-out groups: random ones, or by the label that the model was trained with or `group_by`.

    By a label, no value has two groups: the bounds of the information need posteriors of different data.
    """
    draw, title = ("random", "draws of groups") if context.group_label is None else ("by_label", "groups")
    groups = context.request.groups or GROUPS
    members = drawn(context, draw, context.held_out, groups, context.largest, random, least=1)
    codes, p_beta = group_codes(context.held_out_codes, context.resized(members, random)), context.model.global_prior(1)
    prior = p_beta["beta_mean"], p_beta["beta_stddev"], np.ones(1)
    return Posteriors(*codes[:2], kl_from_mixture(*codes[:2], *prior, random), None, title)


def _zs(context: Context, random: np.random.Generator) -> Posteriors:
    """q(z) of held-out images, and p(z) as the mixture of all components under many betas ~ p(beta)."""
    images = context.held_out.images[random.permutation(len(context.held_out))[:IMAGES]]
    codes, config = context.model.encode(images[:, np.newaxis]), context.model.settings.model
    moments = codes.z_mean[:, 0].astype(float), codes.z_stddev[:, 0].astype(float)
    betas = max(FEWER, PRIOR_COMPONENTS // config.components) if config.has_beta else 1
    kl = _kl_from_marginal(context, moments, betas)
    fewer = _kl_from_marginal(context, moments, betas // FEWER) if config.has_beta else None
    return Posteriors(*moments, kl, fewer, "images")


def _kl_from_marginal(context: Context, moments: tuple[np.ndarray, np.ndarray], betas: int) -> np.ndarray:
    """KL(q(z | x) || p(z)) [N]; fewer betas are the first ones of more betas, and the samples of z are the same."""
    return kl_from_mixture(*moments, *_marginal_prior(context, betas), context.generator(1, 1))


def _marginal_prior(context: Context, betas: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Means and deviations [C, L] and probabilities [C] of the components of p(z), under betas ~ p(beta)."""
    p_beta = context.model.global_prior(betas)
    noise = context.generator(1, 2).standard_normal(p_beta["beta_mean"].shape)
    p_z = context.model.prior((p_beta["beta_mean"] + p_beta["beta_stddev"] * noise).astype(np.float32))
    local_size = p_z["z_mean"].shape[-1]
    mean, stddev = (p_z[name].reshape(-1, local_size).astype(float) for name in ("z_mean", "z_stddev"))
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
    if posteriors.fewer is not None:  # from an upper bound of the KL there is no lower one of its part
        del metrics["aggregate_kl_lower_bound"]
        metrics["kl_fewer_betas"] = float(posteriors.fewer.mean())
    counts = {"information_limit": np.log(len(posteriors.kl)), "units": posteriors.means.shape[1]}
    return metrics | {name: float(x) for name, x in counts.items()} | {"active_units": float(found.active_units)}


def _table(metrics: dict[str, float], titles: dict[str, str]) -> str:
    lines = ["KL(posterior || prior) = information + KL(aggregate posterior || prior), on held-out data", ""]
    for name, title in titles.items():
        mean, low, high = (metrics[f"{name}_kl{end}"] for end in ("", "_low", "_high"))
        lines.append(f"{name}: {title}")
        lines.append(f"  {'mean KL(posterior || prior)':42}{mean:.2f} ({low:.2f} to {high:.2f})")
        if (key := f"{name}_kl_fewer_betas") in metrics:
            lines.append(f"  {f'the same with {FEWER} times fewer betas in p(z)':42}{metrics[key]:.2f}")
        for term, meaning in (
            ("information", "I(data; latent), between two bounds"),
            ("aggregate_kl", "KL(aggregate posterior || prior)"),
            ("total_correlation", "total correlation of the aggregate"),
        ):
            lines.append(f"  {meaning:42}{_ends(metrics, f'{name}_{term}')}")
        lines.append(f"  {'limit of the lower bound, log N':42}{metrics[f'{name}_information_limit']:.2f}")
        used, units = (int(metrics[f"{name}_{key}"]) for key in ("active_units", "units"))
        lines += [f"  {'active units':42}{used} of {units}", ""]
    return "\n".join([*lines, "Intervals (95 %) are over these draws of groups, groups or images."])


def _ends(metrics: dict[str, float], name: str) -> str:
    low, high = metrics.get(f"{name}_lower_bound"), metrics[f"{name}_upper_bound"]
    return f"at most {high:.2f}" if low is None else f"{low:.2f} to {high:.2f}"
