"""From the unbounded outputs of networks to standard deviations."""

import math

import tensorflow as tf

from ugvae_tf.config import MIN_PIXEL_STDDEV

LOG_VARIANCE_LIMIT = 14.0  # absolute log variance of a latent variable: every density and divergence is finite


def latent_stddev(log_variance: tf.Tensor) -> tf.Tensor:
    """Map any real number to a latent variable's standard deviation, between 0.0009 and 1100."""
    return tf.exp(0.5 * tf.clip_by_value(log_variance, -LOG_VARIANCE_LIMIT, LOG_VARIANCE_LIMIT))


def pixel_stddev(raw: tf.Tensor) -> tf.Tensor:
    """Map any real number to a pixel's standard deviation, larger than one grey level."""
    return tf.nn.softplus(raw) + MIN_PIXEL_STDDEV


def inverse_pixel_stddev(stddev: float) -> float:
    """The real number that `pixel_stddev` maps to `stddev`; smaller values map to the lower limit."""
    return math.log(math.expm1(max(stddev - MIN_PIXEL_STDDEV, 1e-6)))
