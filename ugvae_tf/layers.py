"""The distributions of UG-VAE as layers: tensors in, one tfd distribution out (for q(beta), its experts).

G groups, B images in a group, K components, L dimensions of z, M dimensions of beta.
"""

import math
from typing import NamedTuple

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from ugvae_tf import gaussian, networks
from ugvae_tf.config import MIN_PIXEL_STDDEV, ModelConfig

LOG_VARIANCE_LIMIT = 14.0  # absolute log variance of a latent variable: every density and divergence is finite
LEAST_COMPONENT_WEIGHT = 1e-5  # every component has positive probability, so kl_d is finite
LOGIT_LIMIT = 12.0  # absolute logit of a Bernoulli pixel: the float32 mean is neither 0 nor 1


def latent_stddev(log_variance: tf.Tensor) -> tf.Tensor:
    """Map any real number to a latent variable's standard deviation, between 0.0009 and 1100."""
    return tf.exp(0.5 * tf.clip_by_value(log_variance, -LOG_VARIANCE_LIMIT, LOG_VARIANCE_LIMIT))


def pixel_stddev(raw: tf.Tensor) -> tf.Tensor:
    """Map any real number to a pixel's standard deviation, larger than one grey level."""
    return tf.nn.softplus(raw) + MIN_PIXEL_STDDEV


def inverse_pixel_stddev(stddev: float) -> float:
    """The real number that `pixel_stddev` maps to `stddev`; smaller values map to the lower limit."""
    return math.log(math.expm1(max(stddev - MIN_PIXEL_STDDEV, 1e-6)))


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
            self.log_variance = self.add_weight(shape=[config.global_size], initializer="zeros", name="log_variance")

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


class GlobalPrior(keras.layers.Layer):
    """p(beta): N(0, I) (paper eq. 4), or `learned`, which goes beyond the paper.

    The learned prior is N(m, diag e^{2s}), with m = s = 0 at the start. Training makes it the diagonal
    Gaussian with the smallest mean KL from the q(beta) of the training groups. Samples of p(beta) then
    resemble the codes that the decoder is trained on, and KL(q(beta) || p(beta)) is mostly information
    about the group.

    Takes the number of groups G. Returns batch shape [G], event shape [M].
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.learned, self.size = config.global_prior == "learned", config.global_size
        if self.learned:
            self.mean = self.add_weight(shape=[self.size], initializer="zeros", name="mean")
            self.log_stddev = self.add_weight(shape=[self.size], initializer="zeros", name="log_stddev")

    def call(self, groups: tf.Tensor) -> tfd.Distribution:
        shape = [groups, self.size]
        if not self.learned:
            return gaussian.standard(shape)
        moments = self.mean, latent_stddev(2 * self.log_stddev)
        return gaussian.diagonal(*(tf.broadcast_to(moment, shape) for moment in moments))


class ComponentPrior(keras.layers.Layer):
    """p(d_i = k | beta), proportional to softplus(w_k beta + b_k) + 1e-5, in place of eq. 4's uniform p(d).

    Every group has its own component proportions. Softplus keeps them nearly linear in beta; the mean
    of beta is an average over the group, hence nearly linear in the group's proportions.

    Takes beta [G, M]. Returns a categorical over K components of batch shape [G, 1]: one for all
    images of a group.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.weights_of_components = keras.layers.Dense(config.components, activation="softplus")

    def call(self, beta: tf.Tensor) -> tfd.Distribution:
        weights = self.weights_of_components(beta) + LEAST_COMPONENT_WEIGHT  # [G, K]
        return tfd.Categorical(logits=tf.math.log(weights)[:, tf.newaxis])


class MixturePrior(keras.layers.Layer):
    """p(z_i | d_i, beta): a Gaussian per component, whose moments are functions of beta (paper eq. 3).

    The K networks beta -> hidden -> (mean, log variance) are evaluated together: the first
    layer is one matrix product, the second one batched product. The log variance lies in
    [-1, 1], as in the official code.

    Takes beta [G, M]. Returns batch shape [G, K], event shape [L].
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.components, self.units = config.components, config.prior_units or config.hidden_units
        fan_in = keras.initializers.VarianceScaling(mode="fan_in", distribution="uniform")
        self.hidden = keras.layers.Dense(self.components * self.units, activation="relu", kernel_initializer=fan_in)
        self.parameters = keras.layers.EinsumDense(
            "gkh,khl->gkl",
            output_shape=(self.components, 2 * config.local_size),
            bias_axes="kl",
            kernel_initializer=fan_in,
        )

    def call(self, beta: tf.Tensor) -> tfd.Distribution:
        hidden = tf.reshape(self.hidden(beta), [-1, self.components, self.units])  # [G, K, H]
        mean, raw_log_variance = tf.split(self.parameters(hidden), 2, axis=-1)  # [G, K, L]
        return gaussian.diagonal(mean, tf.exp(0.5 * tf.tanh(raw_log_variance)))


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
            self.raw_stddev = self.add_weight(shape=[], initializer=start, name="raw_stddev")

    def call(self, z: tf.Tensor, beta: tf.Tensor | None = None) -> tfd.Distribution:
        pixels = self.body(z, beta)  # [G, B, H, W, C]; 2C channels if the variance is an output too
        if self.likelihood == "bernoulli":
            logits = tf.clip_by_value(pixels, -LOGIT_LIMIT, LOGIT_LIMIT)
            return tfd.Independent(tfd.Bernoulli(logits=logits, dtype=tf.float32), 3)
        if self.variance == "network":
            pixels, raw_stddev = tf.split(pixels, 2, axis=-1)
            stddev = pixel_stddev(raw_stddev)
        elif self.variance == "learned":
            stddev = pixel_stddev(self.raw_stddev)
        else:
            stddev = self.fixed_stddev
        return tfd.Independent(tfd.Normal(tf.sigmoid(pixels), stddev), 3)
