"""The ELBO of held-out groups, and a tighter bound by importance sampling."""

from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np
from scipy.special import logsumexp, xlog1py, xlogy
from scipy.stats import norm
from tqdm import tqdm

from ugvae_tf.codes import Arrays, Codes

PATIENCE = 3.0  # seconds before a progress bar over samples appears


class Generative(Protocol):
    """The functions of a model that a bound needs; a ServedModel has them."""

    def encode(self, images: np.ndarray) -> Codes: ...

    def prior(self, beta: np.ndarray) -> Arrays: ...

    def global_prior(self, groups: int) -> Arrays: ...

    def decode(self, z: np.ndarray, beta: np.ndarray) -> Arrays: ...


def elbo_terms(model: Generative, images: np.ndarray, random: np.random.Generator) -> Arrays:
    """One-sample estimate of the terms of paper eq. 10-11, in nats per group [G].

    q(d) and q(beta) are the exported model's, at the mean of z. They do not depend on the
    sample of z, so the expectation is a lower bound of log p(X), as for any q.

    Args:
        images: [G, B, H, W, C] in [0, 1].
    """
    codes = model.encode(images)
    z, beta = sample(random, codes.z_mean, codes.z_stddev), _sample_beta(random, codes)
    p_beta, p_z = model.global_prior(len(images)), model.prior(beta)
    probs, log_prior_probs = codes.component_probs, np.log(p_z["component_probs"])[:, None]  # [G, B, K], [G, 1, K]
    kl_by_component = gaussian_kl(
        codes.z_mean[:, :, None], codes.z_stddev[:, :, None], p_z["z_mean"][:, None], p_z["z_stddev"][:, None]
    )  # [G, B, K]
    return {
        "log_px": log_px(images, model.decode(z, beta)).sum(axis=1),
        "kl_z": (probs * kl_by_component).sum(axis=(1, 2)),
        "kl_d": (xlogy(probs, probs) - probs * log_prior_probs).sum(axis=(1, 2)),
        "kl_beta": gaussian_kl(codes.beta_mean, codes.beta_stddev, p_beta["beta_mean"], p_beta["beta_stddev"]),
    }


def importance_weighted_bound(
    model: Generative, images: np.ndarray, outer: int, inner: int, random: np.random.Generator
) -> np.ndarray:
    """A lower bound of log p(X) of each group, in nats [G].

    With beta_s ~ q(beta), s = 1..outer, and for every image z_it ~ q(z_i), t = 1..inner, the same for every s,

        w_s = p(beta_s) / q(beta_s)
              prod_i 1/inner sum_t sum_d p(d | beta_s) p(z_it | d, beta_s) p(x_i | z_it, beta_s) / q(z_it)
        bound = log 1/outer sum_s w_s

    Proof that it is a bound: q(z_i) does not depend on beta, so given beta_s, each factor is an unbiased estimate of
    p(x_i | beta_s): the mean of the ratio is the integral over z of sum_d p(d | beta_s) p(z | d, beta_s)
    p(x_i | z, beta_s). The factors of different images are independent given beta_s, so their product is an unbiased
    estimate of p(X | beta_s), and w_s is one of p(X). The mean over s is also unbiased, although its terms share the
    samples of z, and Jensen's inequality gives E[log mean_s w_s] <= log p(X). (Burda, Grosse and Salakhutdinov
    2016, here with two levels of sampling.)

    Args:
        images: [G, B, H, W, C] in [0, 1].
        outer: samples of beta.
        inner: samples of every z, all of which serve every sample of beta.
    """
    codes, p_beta = model.encode(images), model.global_prior(len(images))
    betas = [_sample_beta(random, codes) for _ in range(outer)]
    log_prior_ratios = [
        norm.logpdf(beta, p_beta["beta_mean"], p_beta["beta_stddev"])
        - norm.logpdf(beta, codes.beta_mean, codes.beta_stddev)
        for beta in betas
    ]  # each [G, M]
    log_px_given_betas = _log_px_given_betas(model, images, codes, betas, inner, random)  # [outer, G, B]
    log_weights = np.stack(log_prior_ratios).sum(axis=-1) + log_px_given_betas.sum(axis=-1)
    return logsumexp(log_weights, axis=0) - np.log(outer)


def _log_px_given_betas(
    model: Generative,
    images: np.ndarray,
    codes: Codes,
    betas: Sequence[np.ndarray],
    inner: int,
    random: np.random.Generator,
) -> np.ndarray:
    """Log of the unbiased estimate of each p(x_i | beta), d summed out exactly, for each beta [G, M]: [S, G, B]."""
    p_zs = [model.prior(beta) for beta in betas]
    log_sum = np.full((len(betas), *images.shape[:2]), -np.inf)
    for _ in _counted(inner):
        z = sample(random, codes.z_mean, codes.z_stddev)
        log_q = norm.logpdf(z, codes.z_mean, codes.z_stddev).sum(axis=-1)
        for place, (beta, p_z) in enumerate(zip(betas, p_zs, strict=True)):
            log_ratio = log_px(images, model.decode(z, beta)) + _log_mixture(z, p_z) - log_q
            log_sum[place] = np.logaddexp(log_sum[place], log_ratio)
    return log_sum - np.log(inner)


def _counted(samples: int) -> Iterable[int]:
    """A loop over samples, with a progress bar after PATIENCE seconds."""
    return tqdm(range(samples), desc="samples", leave=False, delay=PATIENCE, disable=samples == 1)


def _log_mixture(z: np.ndarray, p_z: Arrays) -> np.ndarray:
    """log sum_d p(d | beta) p(z | d, beta) for z [G, B, L] and components [G, K, L]: [G, B]."""
    # sum_l ((z - m) / s)^2 as products of matrices: norm.logpdf of K components takes K times the memory and time.
    z, mean, stddev = (values.astype(float) for values in (z, p_z["z_mean"], p_z["z_stddev"]))
    weight, scaled = stddev**-2, mean / stddev**2
    squares = z**2 @ weight.mT - 2 * z @ scaled.mT + (mean * scaled).sum(axis=-1)[:, None]  # [G, B, K]
    constant = np.log(stddev).sum(axis=-1)[:, None] + 0.5 * z.shape[-1] * np.log(2 * np.pi)
    exponents = -0.5 * squares - constant
    largest = exponents.max(axis=-1, keepdims=True)  # by hand, for scipy's logsumexp takes six times as long
    mixture = np.einsum("gbk,gk->gb", np.exp(exponents - largest), p_z["component_probs"])
    return np.log(mixture) + largest[..., 0]


def log_px(images: np.ndarray, decoded: Arrays) -> np.ndarray:
    """log p(x_i | z_i, beta) of every image [G, B]: Gaussian if there is a standard deviation, else Bernoulli."""
    mean = decoded["image_mean"].astype(float)
    if "image_stddev" in decoded:
        stddev = decoded["image_stddev"].astype(float)
        # The formula of norm.logpdf, which would take most of the task's time.
        log_pixels = -0.5 * ((images - mean) / stddev) ** 2 - np.log(stddev) - 0.5 * np.log(2 * np.pi)
    elif ((images == 0) | (images == 1)).all():  # a quarter of the time of the general formula
        with np.errstate(divide="ignore"):
            log_pixels = np.log(np.where(images == 1, mean, 1 - mean))
    else:
        log_pixels = xlogy(images, mean) + xlog1py(1 - images, -mean)
    return log_pixels.sum(axis=(2, 3, 4))


def gaussian_kl(
    mean: np.ndarray, stddev: np.ndarray, prior_mean: np.ndarray | float, prior_stddev: np.ndarray | float
) -> np.ndarray:
    """KL between diagonal Gaussians, summed over the last axis."""
    ratio = (stddev**2 + (mean - prior_mean) ** 2) / (2 * np.square(prior_stddev))
    return (np.log(prior_stddev / stddev) + ratio - 0.5).sum(axis=-1)


def sample(random: np.random.Generator, mean: np.ndarray, stddev: np.ndarray) -> np.ndarray:
    """A sample of diagonal Gaussians of any shape."""
    return mean + stddev * random.standard_normal(mean.shape).astype(np.float32)


def _sample_beta(random: np.random.Generator, codes: Codes) -> np.ndarray:
    return sample(random, codes.beta_mean, codes.beta_stddev)
