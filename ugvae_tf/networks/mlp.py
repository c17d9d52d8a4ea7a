"""The dense body: one hidden layer in the encoder and one in the decoder."""

import math

import keras
import tensorflow as tf

from ugvae_tf.config import ModelConfig


class JointDense(keras.layers.Layer):
    """A dense layer on [z_i, beta], computed without the concatenation.

    The product with beta is computed once per group and broadcast over the images.

    Takes z [G, B, L] and, with `with_beta`, beta [G, M]. Returns [G, B, units].
    """

    def __init__(self, units: int, with_beta: bool, activation: str | None = None) -> None:
        super().__init__()
        self.of_z = keras.layers.Dense(units)
        self.of_beta = keras.layers.Dense(units, use_bias=False) if with_beta else None
        self.activation = keras.activations.get(activation)

    def call(self, z: tf.Tensor, beta: tf.Tensor | None = None) -> tf.Tensor:
        joint = self.of_z(z)
        if self.of_beta is not None:
            joint += self.of_beta(beta)[:, tf.newaxis, :]
        return self.activation(joint)


class MlpEncoder(keras.layers.Layer):
    """One hidden ReLU layer from pixels to features.

    Takes images [G, B, H, W, C]. Returns features [G, B, hidden_units].
    """

    def __init__(self, image_shape: tuple[int, int, int], config: ModelConfig) -> None:
        super().__init__()
        self.pixels = math.prod(image_shape)
        self.hidden = keras.layers.Dense(config.hidden_units, activation="relu")

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
        self.hidden = JointDense(config.hidden_units, config.decodes_beta, activation="relu")
        self.pixels = keras.layers.Dense(math.prod(image_shape))

    def call(self, z: tf.Tensor, beta: tf.Tensor | None = None) -> tf.Tensor:
        pixels = self.pixels(self.hidden(z, beta))  # [G, B, H*W*C]
        return tf.reshape(pixels, [tf.shape(z)[0], tf.shape(z)[1], *self.image_shape])
