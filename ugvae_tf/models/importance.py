"""The importance-weighted bound as an objective of training (Burda, Grosse and Salakhutdinov 2016)."""

from typing import Any

import numpy as np
import tensorflow as tf

from ugvae_tf.models.terms import ElboTerms, sum_over_group, without_padding


def importance_bound(
    model: Any,
    images: tf.Tensor,
    mask: tf.Tensor,
    seed: tf.Tensor,
    samples: int,
    kl_weight: tf.Tensor | float = 1.0,
    training: bool = False,
) -> tuple[tf.Tensor, ElboTerms]:
    """A lower bound of log p(X) of a model without beta that rises with the number of samples, in nats.

    With z_s ~ q(z | x), s = 1..S, for each image, and d summed out exactly,

        w_s = p(x | z_s) (sum_d p(d) p(z_s | d) / q(z_s))^kl_weight,  bound = log 1/S sum_s w_s

    Args:
        model: a FamilyModel without beta.
        images: [G, B, H, W, C] in [0, 1].
        mask: [G, B], 1 for an image and 0 for padding.
        seed: the random state of the samples.
        samples: S.
        kl_weight: 1 for the bound; less while it warms up.

    Returns:
        The bound of each group [G], and its terms of eq. 11 [G], in which kl_z is an estimate from the samples with d
        summed out.
    """
    _, q_z, _ = model.local_posterior(images, mask, None, training)
    z = q_z.sample(samples, seed=seed)  # [S, G, B, L]
    log_ratio = log_mixture(model, z) - q_z.log_prob(z)  # [S, G, B]
    log_px = _log_px(model, without_padding(images, mask), z)  # [S, G, B]
    log_weights = log_px + kl_weight * log_ratio
    bound = tf.reduce_logsumexp(log_weights, axis=0) - np.log(samples)  # [G, B]
    none = tf.zeros(tf.shape(images)[:1])
    terms = ElboTerms(
        log_px=sum_over_group(tf.reduce_mean(log_px, axis=0), mask),
        kl_z=sum_over_group(-tf.reduce_mean(log_ratio, axis=0), mask),
        kl_d=none,
        kl_beta=none,
    )
    return sum_over_group(bound, mask), terms


def log_mixture(model: Any, z: tf.Tensor) -> tf.Tensor:
    """log sum_d p(d) p(z | d) for z [S, G, B, L]: [S, G, B]."""
    p_z, p_d = model.local_prior(None), model.component_prior(None)  # batch [1, K], [1, 1]
    log_components = p_z.log_prob(z[..., tf.newaxis, :])  # [S, G, B, K]
    log_probs = tf.nn.log_softmax(p_d.logits_parameter())[0, 0]  # [K]
    return tf.reduce_logsumexp(log_components + log_probs, axis=-1)


def _log_px(model: Any, images: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
    """log p(x | z) of every image and sample [S, G, B]: the samples are decoded as more groups."""
    samples, groups, size = tf.unstack(tf.shape(z)[:3])
    p_x = model.decoder(tf.reshape(z, [samples * groups, size, z.shape[-1]]), None)
    repeated = tf.tile(images, [samples, 1, 1, 1, 1])
    return tf.reshape(p_x.log_prob(repeated), [samples, groups, size])
