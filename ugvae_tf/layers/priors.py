"""The priors of the latent variables (paper eq. 3-4): p(beta), p(d | beta) and p(z | d, beta)."""

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from ugvae_tf import gaussian
from ugvae_tf.config import ModelConfig
from ugvae_tf.layers.stddev import latent_stddev

# Adam moves a weight by at most its learning rate in a step, and the moments of q(beta) go farther than weights do.
# At a pace of 1 the prior lags behind: on MNIST it stays up to 18 times too wide in a tenth of the dimensions. At 10,
# as an expert of q(beta) it narrows before the other experts do, and beta no longer depends on the group.
PACE = 3.0
LEAST_COMPONENT_WEIGHT = 1e-5  # every component has positive probability, so kl_d is finite


class GlobalPrior(keras.layers.Layer):
    """p(beta): N(0, I) (paper eq. 4), or `learned`, which goes beyond the paper.

    The learned prior is N(m, diag e^{2s}), with m = s = 0 at the start. Training makes it the diagonal
    Gaussian with the smallest mean KL from the q(beta) of the training groups. Samples of p(beta) then
    resemble the codes that the decoder is trained on, and KL(q(beta) || p(beta)) is mostly information
    about the group. The weights are m and s divided by PACE.

    Takes the number of groups G. Returns batch shape [G], event shape [M].
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.learned, self.size = config.global_prior == "learned", config.global_size
        if self.learned:
            self.mean = self.add_weight(shape=[self.size], initializer="zeros", dtype="float32", name="mean")
            self.log_stddev = self.add_weight(
                shape=[self.size], initializer="zeros", dtype="float32", name="log_stddev"
            )

    def call(self, groups: tf.Tensor) -> tfd.Distribution:
        shape = [groups, self.size]
        if not self.learned:
            return gaussian.standard(shape)
        moments = PACE * self.mean, latent_stddev(2 * PACE * self.log_stddev)
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
