"""Anatomy of a KL term of the bound: information about the data, and KL(aggregate posterior || prior).

With q(z) = E_x q(z | x), the aggregate posterior (Hoffman and Johnson 2016, "ELBO surgery"),

    E_x KL(q(z | x) || p(z)) = I(x; z) + KL(q(z) || p(z))

and the total correlation is KL(q(z) || prod_j q(z_j)) = sum_j I(x; z_j) - I(x; z), since q(z | x) factorises over
the dimensions j (Chen et al. 2018). Everything is in nats per x, which is an image or a group.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

from ugvae_tf.evaluation.likelihood import gaussian_kl

ACTIVE = 0.01  # share of a dimension's variance that is that of the posterior means
CHUNK = 2 << 20  # densities at a time


class Anatomy(NamedTuple):
    """Estimates from N posteriors; each [N] is to be averaged."""

    information_lower: np.ndarray  # [N], at most log N
    information_upper: np.ndarray  # [N]
    dimension_information: float  # the sum of I(x; z_j) over the dimensions
    active_units: int


def anatomy(means: np.ndarray, stddevs: np.ndarray, random: np.random.Generator) -> Anatomy:
    """Bounds of the mutual information, and the active units.

    The lower bound takes the mixture of all N posteriors for q(z). It is at most log N, so with N posteriors no more
    information can be shown (van den Oord et al. 2018). The upper bound is the smaller one of two: the mixture of all
    but the own posterior (Poole et al. 2019), which is large where posteriors do not overlap, and the mean KL from
    one full Gaussian with the moments of the other half of the posteriors (Barber and Agakov 2003), which is tight
    where the aggregate is Gaussian. The information of single dimensions is from the mixture of all; it is too small
    by about exp(I) / N.

    The posteriors must be of different data: a posterior that occurs twice stays in the mixture without the own one,
    so that the upper bound is at most log of the number of different ones.

    A unit is active if its posterior mean varies: Var(mean) > ACTIVE (Var(mean) + E[variance]), which for posteriors
    near N(0, 1) is the criterion of Burda, Grosse and Salakhutdinov 2016, and does not depend on the scale of z.

    Args:
        means: of the diagonal posteriors [N, F], N of four or more.
        stddevs: [N, F]
    """
    means, stddevs = means.astype(float), stddevs.astype(float)
    z = means + stddevs * random.standard_normal(means.shape)
    lower, without_own = _mixture_bounds(z, means, stddevs)
    gaussian = _gaussian_bound(means, stddevs)
    upper = gaussian if gaussian.mean() < without_own.mean() else without_own
    single = [_mixture_bounds(z[:, [j]], means[:, [j]], stddevs[:, [j]])[0].mean() for j in range(means.shape[1])]
    spread, noise = means.var(axis=0), (stddevs**2).mean(axis=0)
    return Anatomy(lower, upper, float(np.sum(single)), int((spread > ACTIVE * (spread + noise)).sum()))


def _mixture_bounds(z: np.ndarray, means: np.ndarray, stddevs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """log q_i(z_i) minus the log density of the mixture of all posteriors, and of all but the own one: each [N]."""
    count, size = len(z), max(1, CHUNK // len(z))
    lower, upper = np.empty(count), np.empty(count)
    for start in range(0, count, size):
        rows = np.arange(start, min(start + size, count))
        densities = log_densities(z[rows], means, stddevs)  # [rows, N]
        own = densities[np.arange(len(rows)), rows]
        lower[rows] = own - logsumexp(densities, axis=1) + np.log(count)
        densities[np.arange(len(rows)), rows] = -np.inf
        upper[rows] = own - logsumexp(densities, axis=1) + np.log(count - 1)
    return lower, upper


def log_densities(z: np.ndarray, means: np.ndarray, stddevs: np.ndarray) -> np.ndarray:
    """The log density of points [S, F] under each diagonal Gaussian [N, F]: [S, N], by two matrix products."""
    precision = stddevs**-2.0
    constant = -(means**2 * precision).sum(axis=1) / 2 - np.log(stddevs).sum(axis=1)
    products = z @ (means * precision).T - z**2 @ precision.T / 2
    return products + constant - z.shape[1] / 2 * np.log(2 * np.pi)


def _gaussian_bound(means: np.ndarray, stddevs: np.ndarray) -> np.ndarray:
    """KL from each posterior to the full Gaussian with the moments of the other half of the posteriors: [N]."""
    found, half = np.empty(len(means)), np.arange(len(means)) % 2
    for side in (0, 1):
        mine, others = half == side, half != side
        centre = means[others].mean(axis=0)
        covariance = np.cov(means[others].T).reshape(2 * centre.shape) + np.diag((stddevs[others] ** 2).mean(axis=0))
        inverse, logdet = np.linalg.inv(covariance), np.linalg.slogdet(covariance)[1]
        away = means[mine] - centre
        quadratic = np.einsum("nf,fg,ng->n", away, inverse, away) + stddevs[mine] ** 2 @ np.diagonal(inverse)
        found[mine] = (quadratic - len(centre) + logdet) / 2 - np.log(stddevs[mine]).sum(axis=1)
    return found


def kl_from_mixture(
    means: np.ndarray,
    stddevs: np.ndarray,
    component_means: np.ndarray,
    component_stddevs: np.ndarray,
    probs: np.ndarray,
    random: np.random.Generator,
) -> np.ndarray:
    """A one-sample estimate of KL(q(z | x) || p(z)) for a mixture p(z), or the exact one for a single Gaussian: [N].

    Of a mixture over sampled betas that stands for p(z), the estimate is too large on average (Jensen), by many nats
    where no sampled component is near the posterior.

    Args:
        means: of the posteriors [N, F].
        stddevs: [N, F]
        component_means: of p(z) [C, F].
        component_stddevs: [C, F]
        probs: [C], which sum to 1.
    """
    if len(probs) == 1:
        return gaussian_kl(means, stddevs, component_means, component_stddevs)
    noise = random.standard_normal(means.shape)
    z, log_q = means + stddevs * noise, -(noise**2 / 2 + np.log(stddevs)).sum(axis=1)
    log_q -= means.shape[1] / 2 * np.log(2 * np.pi)
    size = max(1, CHUNK // len(probs))
    log_p = [
        logsumexp(log_densities(z[start : start + size], component_means, component_stddevs), axis=1, b=probs)
        for start in range(0, len(z), size)
    ]
    return log_q - np.concatenate(log_p)
