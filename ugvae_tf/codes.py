"""Codes of groups and of their images; nearest neighbours of codes; images generated from codes."""

from collections.abc import Callable
from dataclasses import dataclass

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

    @classmethod
    def of(cls, arrays: Arrays) -> "Codes":
        """From a model's outputs by name; outputs of a latent variable that the model lacks are absent."""
        groups, size = arrays["z_mean"].shape[:2]
        no_beta, one_component = np.zeros([groups, 0], np.float32), np.ones([groups, size, 1], np.float32)
        absent = {"beta_mean": no_beta, "beta_stddev": no_beta, "component_probs": one_component}
        return cls(**{name: np.asarray(arrays.get(name, absent.get(name))) for name in cls.__dataclass_fields__})

    def __len__(self) -> int:
        return len(self.z_mean)


def symmetric_kl(mean: np.ndarray, stddev: np.ndarray) -> np.ndarray:
    """KL(q_i || q_j) + KL(q_j || q_i) in nats between all pairs of diagonal Gaussians [N, M]: [N, N].

    With v = stddev^2 it is the sum over dimensions of (v_i + (m_i - m_j)^2) / (2 v_j) + the same with i and j
    exchanged - 1: two matrix products, and no [N, N, M] array.
    """
    mean, variance = np.asarray(mean, np.float64), np.asarray(stddev, np.float64) ** 2
    precision = 1 / variance
    half = (variance + mean**2) @ precision.T - 2 * mean @ (mean * precision).T + (mean**2 * precision).sum(axis=1)
    return np.maximum(0.5 * (half + half.T) - mean.shape[1], 0)


def nearest(codes: Codes, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest other groups of each group, by the symmetric KL divergence of q(beta).

    Returns:
        Their indices [G, k], nearest first, and the divergences in nats [G, k].

    Raises:
        UserError: the codes have no beta, or there are fewer than k other groups.
    """
    if codes.beta_mean.shape[1] == 0:
        raise UserError("These codes have no beta: groups are compared by the beta of a ug-vae, ml-vae or nested-vae.")
    if not 1 <= k < len(codes):
        raise UserError(f"k = {k} needs more groups: among {len(codes)} groups a group has {len(codes) - 1} others.")
    distances = symmetric_kl(codes.beta_mean, codes.beta_stddev)
    np.fill_diagonal(distances, np.inf)
    places = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return places, np.take_along_axis(distances, places, axis=1)


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
    beta = np.asarray(beta, np.float32)[np.newaxis]
    components = {name: np.asarray(values)[0] for name, values in prior(beta).items()}
    means, stddevs = components["z_mean"], components["z_stddev"]  # [K, L]
    probs = np.asarray(components.get("component_probs", np.ones(len(means))), np.float64)
    d = random.choice(len(means), count, p=probs / probs.sum())
    z = means[d] + stddevs[d] * random.standard_normal((count, means.shape[1]))
    return np.asarray(decode(z[np.newaxis].astype(np.float32), beta)["image_mean"])[0]
