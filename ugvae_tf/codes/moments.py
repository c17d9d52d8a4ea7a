"""Codes of groups and of their images; divergences of codes; images generated from codes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ugvae_tf.errors import UserError

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Codes:
    """Moments of q(beta) and q(z), and q(d), of G groups of B images.

    In a model without beta, M is 0. In a model without d, K is 1 and all probabilities are 1.
    """

    beta_mean: np.ndarray  # [G, M]
    beta_stddev: np.ndarray  # [G, M]
    z_mean: np.ndarray  # [G, B, L]
    z_stddev: np.ndarray  # [G, B, L]
    component_probs: np.ndarray  # [G, B, K]
    images: np.ndarray  # [G], the images of each group without padding: B unless the sizes are given

    @classmethod
    def of(cls, arrays: Arrays) -> "Codes":
        """From a model's outputs by name; outputs of a latent variable that the model lacks are absent."""
        groups, size = arrays["z_mean"].shape[:2]
        no_beta, one_component = np.zeros([groups, 0], np.float32), np.ones([groups, size, 1], np.float32)
        absent = {"beta_mean": no_beta, "beta_stddev": no_beta, "component_probs": one_component}
        absent["images"] = np.full(groups, size)
        return cls(**{name: np.asarray(arrays.get(name, absent.get(name))) for name in cls.__dataclass_fields__})

    def __len__(self) -> int:
        return len(self.z_mean)


class GaussianCodes(Protocol):
    """Moments of q(beta) of G groups: `Codes`, or a table of groups."""

    @property
    def beta_mean(self) -> np.ndarray: ...  # [G, M]

    @property
    def beta_stddev(self) -> np.ndarray: ...  # [G, M]

    @property
    def images(self) -> np.ndarray: ...  # [G], how many there are


def symmetric_kl(
    mean: np.ndarray, stddev: np.ndarray, to_mean: np.ndarray | None = None, to_stddev: np.ndarray | None = None
) -> np.ndarray:
    """KL(q_i || q_j) + KL(q_j || q_i) in nats between diagonal Gaussians.

    With v = stddev^2 it is the sum over dimensions of (v_i + (m_i - m_j)^2) / (2 v_j) + the same with i and j
    exchanged - 1: matrix products, and no [N, J, M] array.

    Args:
        mean: [N, M], as `stddev`.
        to_mean: [J, M], as `to_stddev`; by default the same Gaussians.

    Returns:
        [N, J]
    """
    one = _statistics(mean, stddev)
    other = one if to_mean is None or to_stddev is None else _statistics(to_mean, to_stddev)
    return np.maximum(0.5 * (_half(one, other) + _half(other, one).T) - mean.shape[1], 0)


def _statistics(mean: np.ndarray, stddev: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.asarray(mean, np.float64), np.asarray(stddev, np.float64) ** 2


def _half(one: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """The sum over dimensions of (v_i + (m_i - m_j)^2) / v_j: [N, J]."""
    (mean, variance), (to_mean, to_variance) = one, other
    precision = 1 / to_variance
    squares = (variance + mean**2) @ precision.T + (to_mean**2 * precision).sum(axis=1)
    return squares - 2 * mean @ (to_mean * precision).T


def generated(
    prior: Callable[[np.ndarray], Arrays],
    decode: Callable[[np.ndarray, np.ndarray], Arrays],
    beta: np.ndarray,
    count: int,
    random: np.random.Generator,
) -> np.ndarray:
    """New images for one beta [M]: d ~ p(d | beta), z ~ p(z | d, beta), mean of p(x | z, beta).

    Args:
        prior: components [1, K, L] of a beta [1, M] (paper eq. 3), with `component_probs` [1, K].
        decode: `image_mean` [1, B, H, W, C] of z [1, B, L] and beta [1, M] (eq. 2).

    Returns:
        [count, H, W, C] in [0, 1].
    """
    if count < 1:
        raise UserError(f"`count` must be at least 1, not {count}.")
    beta = np.asarray(beta, np.float32)[np.newaxis]
    components = {name: np.asarray(values)[0] for name, values in prior(beta).items()}
    means, stddevs = components["z_mean"], components["z_stddev"]  # [K, L]
    probs = np.asarray(components.get("component_probs", np.ones(len(means))), np.float64)
    d = random.choice(len(means), count, p=probs / probs.sum())
    z = means[d] + stddevs[d] * random.standard_normal((count, means.shape[1]))
    return np.asarray(decode(z[np.newaxis].astype(np.float32), beta)["image_mean"])[0]
