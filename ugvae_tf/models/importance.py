"""The importance-weighted bound as an objective of training (Burda, Grosse and Salakhutdinov 2016)."""

from typing import Any

import numpy as np
import tensorflow as tf

from ugvae_tf import gaussian
from ugvae_tf.models.terms import DRAWN_STREAM, ElboTerms, sum_over_group, without_padding


def importance_bound(
    model: Any,
    images: tf.Tensor,
    mask: tf.Tensor,
    seed: tf.Tensor,
    samples: int,
    kl_weight: tf.Tensor | float = 1.0,
    training: bool = False,
    gradient_samples: int | None = None,
) -> tuple[tf.Tensor, ElboTerms]:
    """A lower bound of log p(X) of a model without beta that rises with the number of samples, in nats.

    With z_s ~ q(z | x), s = 1..S, for each image, and d summed out exactly,

        w_s = p(x | z_s) (sum_d p(d) p(z_s | d) / q(z_s))^kl_weight,  bound = log 1/S sum_s w_s

    Args:
        model: a FamilyModel without beta.
        images: [G, B, H, W, C] in [0, 1].
        mask: [G, B], 1 for an image and 0 for padding.
        seed: the random state of the samples, and in training of the pixels that are dropped.
        samples: S.
        kl_weight: 1 for the bound; less while it warms up.
        training: whether this is a step of training; only then `gradient_samples` and pixel dropout have an effect.
        gradient_samples: N, the number of samples that the gradient is computed from, drawn by their weights (default,
            and for N = S: all).

    Returns:
        The bound of each group [G], and its terms of eq. 11 [G], in which kl_z is an estimate from the samples with d
        summed out.
    """
    of_encoder = model.training_objective.encoder_input(images, seed) if training else images
    _, q_z, _ = model.local_posterior(of_encoder, mask, None, training)
    present = without_padding(images, mask)

    def terms_of(z: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return _log_px(model, present, z), log_mixture(model, z) - q_z.log_prob(z)  # each [S, G, B]

    z = q_z.sample(samples, seed=seed)  # [S, G, B, L]
    log_px, log_ratio = terms_of(z)
    log_weights = log_px + kl_weight * log_ratio
    bound = tf.reduce_logsumexp(log_weights, axis=0) - np.log(samples)  # [G, B]
    if training and gradient_samples not in (None, samples):
        of_px, of_ratio = terms_of(_drawn(z, log_weights, gradient_samples, seed))
        bound = _with_gradient_of(bound, tf.reduce_mean(of_px + kl_weight * of_ratio, axis=0))
    none = tf.zeros(tf.shape(images)[:1])
    terms = ElboTerms(
        log_px=sum_over_group(tf.reduce_mean(log_px, axis=0), mask),
        kl_z=sum_over_group(-tf.reduce_mean(log_ratio, axis=0), mask),
        kl_d=none,
        kl_beta=none,
    )
    return sum_over_group(bound, mask), terms


def _drawn(z: tf.Tensor, log_weights: tf.Tensor, count: int, seed: tf.Tensor) -> tf.Tensor:
    """Samples [N, G, B, L] of z [S, G, B, L], drawn with replacement in proportion to their weights [S, G, B].

    The gradient of the bound is sum_s w_s / (sum w) grad log w_s, so it is the expected gradient of log w of such a
    sample (Burda et al. 2016, section 3): samples that are not drawn are decoded, but not differentiated.
    """
    by_image, weights = tf.transpose(z, [1, 2, 0, 3]), tf.transpose(log_weights, [1, 2, 0])  # [G, B, S, ...]
    logits = tf.reshape(weights, [-1, weights.shape[-1]])
    numbers = tf.random.stateless_categorical(
        logits, count, tf.random.experimental.stateless_fold_in(seed, DRAWN_STREAM)
    )
    numbers = tf.reshape(numbers, [*tf.unstack(tf.shape(weights)[:2]), count])
    return tf.transpose(tf.gather(by_image, numbers, batch_dims=2), [2, 0, 1, 3])


def _with_gradient_of(value: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    """The value, with the gradient of another tensor of its shape."""
    return tf.stop_gradient(value - other) + other


def log_mixture(model: Any, z: tf.Tensor) -> tf.Tensor:
    """log sum_d p(d) p(z | d) for z [S, G, B, L]: [S, G, B]."""
    p_z, p_d = model.local_prior(None), model.component_prior(None)  # batch [1, K], [1, 1]
    log_components = gaussian.log_prob_of_components(z, p_z)  # [S, G, B, K]
    log_probs = tf.nn.log_softmax(p_d.logits_parameter())[0, 0]  # [K]
    return tf.reduce_logsumexp(log_components + log_probs, axis=-1)


def _log_px(model: Any, images: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
    """log p(x | z) of every image and sample [S, G, B]: the samples are decoded as more groups."""
    samples, groups, size = tf.unstack(tf.shape(z)[:3])
    p_x = model.decoder(tf.reshape(z, [samples * groups, size, z.shape[-1]]), None)
    repeated = tf.tile(images, [samples, 1, 1, 1, 1])
    return tf.reshape(p_x.log_prob(repeated), [samples, groups, size])
