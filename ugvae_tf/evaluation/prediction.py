"""Prediction: the bound of images of a group given beta of its other images (our measure, not the paper's)."""

import numpy as np
from scipy.special import logsumexp, xlogy

from ugvae_tf.codes import Codes
from ugvae_tf.evaluation.likelihood import Generative, gaussian_kl, log_px


def bounds_given_betas(
    model: Generative, images: np.ndarray, codes: Codes, z: np.ndarray, betas: np.ndarray, optimal: bool = False
) -> np.ndarray:
    """A bound on log p(x_i | beta) of each image and beta, in nats [C, B].

        log p(x_i | z_i, beta) - sum_d q(d_i) KL(q(z_i) || p(z | d, beta)) - KL(q(d_i) || p(d | beta))

    These are the terms of paper eq. 11 for one image and one sample of z. All betas use the same sample, so
    differences between betas have little noise.

    Args:
        images: [B, H, W, C] in [0, 1].
        codes: of these images, as one group: q(z) and q(d).
        z: [B, L], a sample of q(z).
        betas: [C, M]
        optimal: whether q(d) is the maximiser of the bound at each beta, not that of `codes`. The terms of d and z
            are then log sum_d p(d | beta) exp(-KL(q(z_i) || p(z | d, beta))).
    """
    p_z = model.prior(betas)
    q_z = codes.z_mean[:, :, np.newaxis], codes.z_stddev[:, :, np.newaxis]  # [1, B, 1, L]
    kl_z = gaussian_kl(*q_z, p_z["z_mean"][:, np.newaxis], p_z["z_stddev"][:, np.newaxis])  # [C, B, K]
    p_d = p_z["component_probs"][:, np.newaxis].astype(float)  # [C, 1, K]
    if optimal:
        minus_kl = logsumexp(-kl_z, axis=-1, b=p_d)
    else:
        q_d = codes.component_probs.astype(float)  # [1, B, K]
        minus_kl = (q_d * (np.log(p_d) - kl_z) - xlogy(q_d, q_d)).sum(axis=-1)
    decoded = model.decode(np.repeat(z[np.newaxis], len(betas), axis=0), betas)
    return log_px(images, decoded) + minus_kl
