"""The dense body: one hidden layer in the encoder and one in the decoder."""

import math

import keras
import tensorflow as tf

from ugvae_tf.config import ModelConfig
from ugvae_tf.networks.biased import Dense


class JointDense(keras.layers.Layer):
    """The first hidden layer of a decoder: a dense ReLU layer on [z_i, beta], computed without the concatenation.

        relu(W z_i + V beta + b), or with `decoder_beta="film"` relu((1 + U beta) * (W z_i + b) + V beta)

    The second one is a feature-wise linear modulation (Perez et al. 2018, "FiLM"): beta scales each hidden unit
    as well as shifting it. The products with beta are computed once per group and broadcast over the images.

    Takes z [G, B, L] and, in a model that decodes beta, beta [G, M]. Returns [G, B, hidden_units].
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        units = config.hidden_units
        self.of_z = Dense(units)
        self.of_beta = Dense(units, use_bias=False) if config.decodes_beta else None
        self.factor = Dense(units, use_bias=False) if config.decoder_beta == "film" else None

    def call(self, z: tf.Tensor, beta: tf.Tensor | None = None) -> tf.Tensor:
        joint = self.of_z(z)
        if self.factor is not None:
            joint *= 1 + self.factor(beta)[:, tf.newaxis, :]
        if self.of_beta is not None:
            joint += self.of_beta(beta)[:, tf.newaxis, :]
        return tf.nn.relu(joint)


class MlpEncoder(keras.layers.Layer):
    """One hidden ReLU layer from pixels to features.

    Takes images [G, B, H, W, C]. Returns features [G, B, hidden_units].
    """

    def __init__(self, image_shape: tuple[int, int, int], config: ModelConfig) -> None:
        super().__init__()
        self.pixels = math.prod(image_shape)
        self.hidden = Dense(config.hidden_units, activation="relu")

    def call(self, images: tf.Tensor) -> tf.Tensor:
        groups, size = tf.shape(images)[0], tf.shape(images)[1]
        return self.hidden(tf.reshape(images, [groups, size, self.pixels]))


class MlpDecoder(keras.layers.Layer):
    """One hidden ReLU layer from [z, beta] to pixels, without a final activation.

    Takes z [G, B, L] and beta [G, M]. Returns [G, B, H, W, C].
    """

    def __init__(self, image_shape: tuple[int, int, int], config: ModelConfig) -> None:
        super().__init__()
        self.image_shape = image_shape
        self.hidden = JointDense(config)
        self.pixels = Dense(math.prod(image_shape))

    def call(self, z: tf.Tensor, beta: tf.Tensor | None = None) -> tf.Tensor:
        pixels = self.pixels(self.hidden(z, beta))  # [G, B, H*W*C]
        return tf.reshape(pixels, [tf.shape(z)[0], tf.shape(z)[1], *self.image_shape])
