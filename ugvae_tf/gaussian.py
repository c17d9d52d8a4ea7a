"""Diagonal Gaussians: distributions, products and KL divergences."""

import numpy as np
import tensorflow as tf
from tensorflow_probability import distributions as tfd


def diagonal(mean: tf.Tensor, stddev: tf.Tensor) -> tfd.Distribution:
    """A Gaussian with diagonal covariance: the last axis is the event, the others are the batch.

    Unlike tfd.MultivariateNormalDiag it can be sampled with an empty batch (on a replica without
    a group), and its graph is much smaller.
    """
    return tfd.Independent(tfd.Normal(mean, stddev), reinterpreted_batch_ndims=1)


def standard(shape: list[int]) -> tfd.Distribution:
    """N(0, I); the last axis is the event."""
    return diagonal(tf.zeros(shape), tf.ones(shape))


def standard_like(values: tf.Tensor) -> tfd.Distribution:
    """N(0, I) of the shape of `values`; the last axis is the event."""
    return diagonal(tf.zeros_like(values), tf.ones_like(values))


def product_of_experts(
    precision: tf.Tensor, precision_mean: tf.Tensor, prior: tfd.Distribution | None = None
) -> tfd.Distribution:
    """Multiply the Gaussian experts of each group (paper eq. 9).

    In a product of Gaussians, precisions add, and so do precisions times means.

    Args:
        precision: [G, B, M], 1 / variance; an expert of precision 0 changes nothing.
        precision_mean: [G, B, M], precision times mean.
        prior: one more factor; batch shape [G], event shape [M].

    Returns:
        A diagonal Gaussian of batch shape [G] and event shape [M].
    """
    total_precision = tf.reduce_sum(precision, axis=1)  # [G, M]
    total_precision_mean = tf.reduce_sum(precision_mean, axis=1)  # [G, M]
    if prior is not None:
        total_precision += 1 / prior.variance()
        total_precision_mean += prior.mean() / prior.variance()
    return diagonal(total_precision_mean / total_precision, tf.math.rsqrt(total_precision))


def kl_to_components(q_z: tfd.Distribution, p_z: tfd.Distribution) -> tf.Tensor:
    """KL from every image's Gaussian to every component's, in nats (the KL of paper eq. 11).

    With m, v the mean and variance of q_z and pm, pv those of a component,

        2 KL = sum_l (v + m^2) / pv - 2 m pm / pv + pm^2 / pv + log pv - log v - 1

    is linear in [v + m^2, m]: one matrix product gives it for all images and components,
    without an array [G, B, K, L].

    Args:
        q_z: batch shape [G, B], event shape [L].
        p_z: batch shape [G, K], or [1, K] if all groups share it; event shape [L].

    Returns:
        [G, B, K]
    """
    mean, variance = q_z.mean(), q_z.variance()  # [G, B, L]
    prior_mean, prior_variance = p_z.mean(), p_z.variance()  # [G, K, L]
    statistics = tf.concat([variance + mean**2, mean], axis=-1)  # [G, B, 2L]
    weights = tf.concat([1 / prior_variance, -2 * prior_mean / prior_variance], axis=-1)  # [G, K, 2L]
    of_image = -tf.reduce_sum(tf.math.log(variance) + 1, axis=-1)  # [G, B]
    of_component = tf.reduce_sum(prior_mean**2 / prior_variance + tf.math.log(prior_variance), axis=-1)
    products = tf.matmul(statistics, weights, transpose_b=True)  # [G, B, K]
    return 0.5 * (products + of_image[:, :, tf.newaxis] + of_component[:, tf.newaxis, :])


def log_prob_of_components(z: tf.Tensor, p_z: tfd.Distribution) -> tf.Tensor:
    """log p(z | d) of every sample and component, in nats, by one matrix product as in `kl_to_components`.

    Its terms cancel: for 40 dimensions and means 3 apart the error is up to 0.01 nats at a standard deviation of 0.1.
    Those of `GmVae` are at least 0.6.

    Args:
        z: [..., L]
        p_z: batch shape [1, K], shared by all groups; event shape [L].

    Returns:
        [..., K]
    """
    mean, variance = p_z.mean()[0], p_z.variance()[0]  # [K, L]
    weights = tf.concat([1 / variance, -2 * mean / variance], axis=-1)  # [K, 2L]
    constants = tf.reduce_sum(mean**2 / variance + tf.math.log(2 * np.pi * variance), axis=-1)  # [K]
    # A product of two matrices, for the gradient of tf.einsum takes far longer.
    statistics = tf.reshape(tf.concat([z**2, z], axis=-1), [-1, weights.shape[-1]])  # [N, 2L]
    products = tf.matmul(statistics, weights, transpose_b=True)  # [N, K]
    return -0.5 * tf.reshape(products + constants, tf.concat([tf.shape(z)[:-1], tf.shape(constants)], axis=0))
