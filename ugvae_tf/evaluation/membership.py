"""Membership: log p(x | the other images of the group) - log p(x), and conformal p-values of it."""

from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp, xlogy

from ugvae_tf.codes import Arrays
from ugvae_tf.evaluation.experts import Natural, without_each
from ugvae_tf.evaluation.likelihood import Generative, gaussian_kl, log_px

IMAGES_PER_CALL = 128  # each with a beta of its own, for which the K networks of p(z | d, beta) are evaluated


class ImagePosteriors(NamedTuple):
    """Images, q(z) and q(d), a row an image."""

    images: np.ndarray  # [N, H, W, C] in [0, 1]
    z_mean: np.ndarray  # [N, L]
    z_stddev: np.ndarray  # [N, L]
    component_probs: np.ndarray | None  # [N, K]; None: q(d) is optimal, given beta

    def rows(self, chosen: slice) -> "ImagePosteriors":
        """Some of the images."""
        probs = None if self.component_probs is None else self.component_probs[chosen]
        return ImagePosteriors(self.images[chosen], self.z_mean[chosen], self.z_stddev[chosen], probs)


def bounds(model: Generative, posteriors: ImagePosteriors, betas: np.ndarray) -> np.ndarray:
    """log p(x_i | beta_i) of each image at a beta of its own, in nats [N]: an approximation, and no lower bound.

    As `prediction.bounds_given_betas`, with z at the mean of q(z) in place of a sample: without noise, and the same z
    at every beta.

    Args:
        betas: [N, M]
    """
    parts = _parts(len(betas))
    return np.concatenate([_bounds(model, posteriors.rows(part), betas[part].astype(np.float32)) for part in parts])


def bounds_at(model: Generative, posteriors: ImagePosteriors, beta: np.ndarray) -> np.ndarray:
    """As `bounds`, at one beta [M] for all images: the networks of p(z | d, beta) are evaluated once."""
    betas = beta[np.newaxis].astype(np.float32)
    p_z = model.prior(betas)
    found = []
    for part in map(posteriors.rows, _parts(len(posteriors.images))):
        decoded = model.decode(part.z_mean[np.newaxis], betas)
        found.append(log_px(part.images[np.newaxis], decoded)[0] + _minus_kl(part, p_z))
    return np.concatenate(found)


def _parts(count: int) -> list[slice]:
    return [slice(start, start + IMAGES_PER_CALL) for start in range(0, count, IMAGES_PER_CALL)]


def _bounds(model: Generative, posteriors: ImagePosteriors, betas: np.ndarray) -> np.ndarray:
    decoded = model.decode(posteriors.z_mean[:, np.newaxis], betas)
    return log_px(posteriors.images[:, np.newaxis], decoded)[:, 0] + _minus_kl(posteriors, model.prior(betas))


def _minus_kl(posteriors: ImagePosteriors, p_z: Arrays) -> np.ndarray:
    """The terms of d and z of each image [N], given p(z | d, beta) of each image, or of all [N or 1, K, L]."""
    q_z = posteriors.z_mean[:, np.newaxis], posteriors.z_stddev[:, np.newaxis]
    kl_z = gaussian_kl(*q_z, p_z["z_mean"], p_z["z_stddev"])  # [N, K]
    p_d = p_z["component_probs"].astype(float)
    if posteriors.component_probs is None:
        found: np.ndarray = logsumexp(-kl_z, axis=-1, b=p_d)
        return found
    q_d = posteriors.component_probs.astype(float)
    return (q_d * (np.log(p_d) - kl_z) - xlogy(q_d, q_d)).sum(axis=-1)


def marginal(model: Generative, posteriors: ImagePosteriors, references: np.ndarray) -> np.ndarray:
    """log p(x_i) [N]: the average over betas of other groups, log 1/C sum_c p(x_i | beta_c).

    Args:
        references: [C, M]
    """
    each = [bounds_at(model, posteriors, beta) for beta in references]
    return logsumexp(each, axis=0) - np.log(len(references))


def member_scores(
    model: Generative, posteriors: ImagePosteriors, experts: Natural, prior: Natural, log_p: np.ndarray
) -> np.ndarray:
    """log p(x_i | the other images) - log p(x_i) of every image of one group, in nats [N]; one image alone: 0.

    beta is the mean of q(beta) of the other images. A score is high for an image that the others predict.

    Args:
        log_p: `marginal` of the images.
    """
    if len(log_p) == 1:
        return np.zeros(1)
    rest, _ = without_each(experts, prior).moments()
    return bounds(model, posteriors, rest) - log_p


def conformal_p_values(scores: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """(1 + the number of reference scores that are at most as high) / (1 + their number), for each score [N].

    Args:
        reference: [R], scores of images that do belong to their groups.
    """
    below = np.searchsorted(np.sort(reference), scores, side="right")
    return (1 + below) / (1 + len(reference))
