"""Experts of q(beta) as natural parameters: q(beta) without an image, and the images that move it most."""

from typing import NamedTuple

import numpy as np


class Natural(NamedTuple):
    """Natural parameters of Gaussians: precision, and precision times mean; each [..., M]."""

    precision: np.ndarray
    precision_mean: np.ndarray

    def sum(self, prior: "Natural") -> "Natural":
        """The product of these N factors and of the prior's, in float64: [M]."""
        return Natural(*(each.sum(axis=0, dtype=float) + of for each, of in zip(self, prior, strict=True)))

    def moments(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation; where the precision is 0, NaN and infinity."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.precision_mean / self.precision, self.precision**-0.5


def without_each(experts: Natural, prior: Natural) -> Natural:
    """The product of all factors but one, for each of them: [N, M].

    Args:
        experts: [N, M], of the images of one group.
        prior: [M], of p(beta) if it is a factor of q(beta), else 0.
    """
    total = experts.sum(prior)
    precision = np.maximum(total.precision - experts.precision, prior.precision)  # rounding could go below
    return Natural(precision, total.precision_mean - experts.precision_mean)


def influence(experts: Natural, prior: Natural) -> np.ndarray:
    """KL(q(beta) || q without the image) + KL(the reverse), in nats, for every image of a group: [N].

    For one image without a prior, nothing remains and it is infinite.
    """
    mean, stddev = experts.sum(prior).moments()
    means, stddevs = without_each(experts, prior).moments()
    variance, variances = stddev**2, stddevs**2
    with np.errstate(invalid="ignore"):
        squares = (mean - means) ** 2
        each = (variance + squares) / variances + (variances + squares) / variance - 2
    found = 0.5 * each.sum(axis=-1)
    return np.where(np.isfinite(found), found, np.inf)
