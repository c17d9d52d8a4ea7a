"""The variational family of paper eq. 6-8, image by image: q(z | x), q(d | z) and the experts of q(beta)."""

from typing import NamedTuple

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from ugvae_tf import gaussian
from ugvae_tf.config import ModelConfig
from ugvae_tf.layers.stddev import latent_stddev


class LocalEncoder(keras.layers.Layer):
    """q(z_i | x_i): one diagonal Gaussian per image (paper eq. 6).

    Takes features [G, B, F]. Returns batch shape [G, B], event shape [L].
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.head = keras.layers.Dense(2 * config.local_size)

    def call(self, features: tf.Tensor) -> tfd.Distribution:
        mean, log_variance = tf.split(self.head(features), 2, axis=-1)
        return gaussian.diagonal(mean, latent_stddev(log_variance))


class ComponentEncoder(keras.layers.Layer):
    """q(d_i | z_i): which mixture component an image belongs to (paper eq. 7).

    Takes z [G, B, L]. Returns a categorical of batch shape [G, B] over K components.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.hidden = keras.layers.Dense(config.hidden_units, activation="tanh")
        self.logits = keras.layers.Dense(config.components)

    def call(self, z: tf.Tensor) -> tfd.Distribution:
        return tfd.Categorical(logits=self.logits(self.hidden(z)))


class Experts(NamedTuple):
    """Natural parameters of the experts of q(beta), one for each image: they add over a group (paper eq. 9)."""

    precision: tf.Tensor  # [G, B, M]
    precision_mean: tf.Tensor  # [G, B, M], precision times mean


class GlobalEncoder(keras.layers.Layer):
    """The experts of q(beta | X, Z): one Gaussian factor per image (paper eq. 8).

    Takes features [G, B, F] and, in a model with a mixture, component probabilities
    [G, B, K]. Returns the experts' natural parameters [G, B, M].

    `expert_variance` sets how Sigma_i of eq. 8 depends on the image. With every setting the
    precisions add, so q(beta) narrows as a group grows:

    - `free`: any positive variance. A few experts of high precision can dominate the mean
      of a large group.
    - `bounded`: log variance within 1 of a learned value, so the precisions of two images
      differ by a factor of e^2 at most. The mean is a weighted average over the group.
    - `shared`: one learned variance per dimension. All images have the same weight, and the
      mean is the average of the experts' means.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.expert_variance = config.expert_variance
        # The mean is linear in [features, component_probs], one kernel for each part. With nearly equal
        # weights, the average of nearly one-hot probabilities is the component histogram of the group.
        # Glorot weights would make it small beside the sum over hundreds of features; unit scale does not.
        self.mean_of_features = keras.layers.Dense(config.global_size)
        glorot = self.expert_variance == "free" or config.component_kernel == "glorot"
        start = "glorot_uniform" if glorot else keras.initializers.RandomNormal(stddev=1.0)
        if config.has_mixture:
            self.mean_of_component = keras.layers.Dense(config.global_size, use_bias=False, kernel_initializer=start)
        if self.expert_variance != "shared":
            self.raw_variance = keras.layers.Dense(config.global_size)
        if self.expert_variance != "free":
            # Initial variance 1 per expert: q(beta) of a group starts narrow, so that its noise is small.
            self.log_variance = self.add_weight(
                shape=[config.global_size], initializer="zeros", dtype="float32", name="log_variance"
            )

    def call(self, features: tf.Tensor, component_probs: tf.Tensor | None = None) -> Experts:
        mean, known = self.mean_of_features(features), features  # [G, B, M], [G, B, F or F + K]
        if component_probs is not None:
            mean += self.mean_of_component(component_probs)
            known = tf.concat([features, component_probs], axis=-1)
        if self.expert_variance == "shared":
            precision = latent_stddev(self.log_variance) ** -2 * tf.ones_like(mean)
        else:
            precision = self._precision(self.raw_variance(known))
        return Experts(precision, precision * mean)

    def _precision(self, raw: tf.Tensor) -> tf.Tensor:
        if self.expert_variance == "free":
            return latent_stddev(raw) ** -2
        return latent_stddev(self.log_variance + tf.tanh(raw)) ** -2  # bounded
