"""The gated body: two gated dense layers in the encoder and two in the decoder (Tomczak and Welling 2018)."""

import math

import keras
import tensorflow as tf

from ugvae_tf.config import ModelConfig
from ugvae_tf.networks.biased import Dense

LAYERS = 2


class GatedDense(keras.layers.Layer):
    """(W x + b) * sigmoid(V x + c), the hidden layer of VampPrior's networks.

    Takes [..., F]. Returns [..., units].
    """

    def __init__(self, units: int) -> None:
        super().__init__()
        self.value = Dense(units)
        self.gate = Dense(units, activation="sigmoid")

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return self.value(inputs) * self.gate(inputs)


class GatedEncoder(keras.layers.Layer):
    """LAYERS gated layers from pixels to features.

    Takes images [G, B, H, W, C]. Returns features [G, B, hidden_units].
    """

    def __init__(self, image_shape: tuple[int, int, int], config: ModelConfig) -> None:
        super().__init__()
        self.pixels = math.prod(image_shape)
        self.network = keras.Sequential([GatedDense(config.hidden_units) for _ in range(LAYERS)])

    def call(self, images: tf.Tensor, training: bool = False) -> tf.Tensor:
        groups, size = tf.shape(images)[0], tf.shape(images)[1]
        return self.network(tf.reshape(images, [groups, size, self.pixels]), training=training)


class GatedDecoder(keras.layers.Layer):
    """LAYERS gated layers from [z, beta] to pixels, without a final activation.

    Takes z [G, B, L] and, in a model that decodes beta, beta [G, M]. Returns [G, B, H, W, C].
    """

    def __init__(self, image_shape: tuple[int, int, int], config: ModelConfig) -> None:
        super().__init__()
        self.image_shape, self.decodes_beta = image_shape, config.decodes_beta
        hidden = [GatedDense(config.hidden_units) for _ in range(LAYERS)]
        self.network = keras.Sequential([*hidden, Dense(math.prod(image_shape))])

    def call(self, z: tf.Tensor, beta: tf.Tensor | None = None) -> tf.Tensor:
        groups, size = tf.shape(z)[0], tf.shape(z)[1]
        if self.decodes_beta and beta is not None:
            of_group = tf.broadcast_to(beta[:, tf.newaxis], [groups, size, beta.shape[-1]])
            z = tf.concat([z, of_group], axis=-1)
        return tf.reshape(self.network(z), [groups, size, *self.image_shape])
