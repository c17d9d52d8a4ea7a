"""The likelihood p(x | z, beta) (paper eq. 2)."""

import math

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from ugvae_tf import networks
from ugvae_tf.config import ModelConfig
from ugvae_tf.layers.stddev import inverse_pixel_stddev, pixel_stddev

LOGIT_LIMIT = 12.0  # absolute logit of a Bernoulli pixel: the float32 mean is neither 0 nor 1


class BernoulliPixels(tfd.Bernoulli):
    """As TFP's, with log p(x) = x l - log(1 + exp(l)) for the logit l: a third of the operations, for finite logits."""

    def _log_prob(self, event: tf.Tensor) -> tf.Tensor:
        logits = self.logits_parameter()
        return tf.cast(event, logits.dtype) * logits - tf.math.softplus(logits)


class Decoder(keras.layers.Layer):
    """p(x_i | z_i, beta): a distribution over the pixels of one image (paper eq. 2).

    Takes z [G, B, L] and beta [G, M]; beta is ignored in a model that decodes z alone.
    Returns batch shape [G, B], event shape [H, W, C].

    The Gaussian's mean lies in [0, 1]; its variance is a `fixed` number, one `learned`
    number, or, as in eq. 2, a second output of the `network` for every pixel.
    """

    def __init__(self, config: ModelConfig, image_shape: tuple[int, int, int]) -> None:
        super().__init__()
        self.likelihood = config.likelihood
        self.variance = config.observation_variance if config.likelihood == "gaussian" else "none"
        height, width, channels = image_shape
        maps = 2 if self.variance == "network" else 1
        self.body = networks.DECODERS[config.body]((height, width, maps * channels), config)
        self.fixed_stddev = math.sqrt(config.pixel_variance)
        if self.variance == "learned":
            start = keras.initializers.Constant(inverse_pixel_stddev(self.fixed_stddev))
            self.raw_stddev = self.add_weight(shape=[], initializer=start, dtype="float32", name="raw_stddev")

    def call(self, z: tf.Tensor, beta: tf.Tensor | None = None) -> tfd.Distribution:
        # [G, B, H, W, C]; 2C channels if the variance is an output too. The body may compute in bfloat16.
        pixels = tf.cast(self.body(z, beta), tf.float32)
        if self.likelihood == "bernoulli":
            logits = tf.clip_by_value(pixels, -LOGIT_LIMIT, LOGIT_LIMIT)
            return tfd.Independent(BernoulliPixels(logits=logits, dtype=tf.float32), 3)
        if self.variance == "network":
            pixels, raw_stddev = tf.split(pixels, 2, axis=-1)
            stddev = pixel_stddev(raw_stddev)
        elif self.variance == "learned":
            stddev = pixel_stddev(self.raw_stddev)
        else:
            stddev = self.fixed_stddev
        return tfd.Independent(tfd.Normal(tf.sigmoid(pixels), stddev), 3)
