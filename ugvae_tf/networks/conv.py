"""The convolutional body: four convolutions with stride 2, and four transposed ones (paper's supplement)."""

import math

import keras
import tensorflow as tf
from keras.layers import ReLU, Reshape

from ugvae_tf.config import ModelConfig
from ugvae_tf.errors import UserError
from ugvae_tf.networks.biased import Conv2D, Conv2DTranspose, Dense
from ugvae_tf.networks.mlp import JointDense
from ugvae_tf.networks.normalisation import normalisations

KERNEL = 4
ENCODER_MAPS = (32, 32, 64, 64)  # feature maps after each halving
DECODER_MAPS = (64, 64, 32, 32)  # before each doubling
STRIDE = 2
CHANNEL_GROUPS = 8  # of GroupNorm; in the last layer all channels are one group
LARGEST_ADVICE = 64  # largest side that an error message suggests: that of the official images
# He initialisation keeps the variance of activations from ReLU to ReLU. With Glorot initialisation the
# decoder's activations shrink by half or more at every doubling, and training stays at one grey image for all.
# A pixel gets a quarter of a transposed kernel's KERNEL**2 weights per map below (Keras's fan_out).
RELU_START = "he_uniform"
DOUBLING_START = keras.initializers.VarianceScaling(2 * STRIDE**2, mode="fan_out", distribution="uniform")


def smallest_sides(image_shape: tuple[int, int, int]) -> tuple[int, int]:
    """Height and width after four halvings; raises UserError if a side is not a multiple of 16."""
    height, width, _ = image_shape
    step = 2 ** len(ENCODER_MAPS)
    if height % step or width % step:
        enough = step * math.ceil(max(height, width) / step)
        raise UserError(
            f"`body=conv` needs images whose sides are multiples of {step}, not {height}x{width}: "
            f"give `image_size={min(enough, LARGEST_ADVICE)}` or `body=mlp`."
        )
    return height // step, width // step


class ConvEncoder(keras.layers.Layer):
    """Four convolutions that halve the image, and a dense layer on the smallest maps.

    The dense layer is the official code's last convolution, whose kernel covers the smallest
    maps completely: the same function, and much faster on a CPU. Each of the five layers is
    followed by the configured normalisation and a ReLU.

    Takes images [G, B, H, W, C]. Returns features [G, B, hidden_units].
    """

    def __init__(self, image_shape: tuple[int, int, int], config: ModelConfig) -> None:
        super().__init__()
        self.image_shape, self.units = image_shape, config.hidden_units
        height, width = smallest_sides(image_shape)
        kind, bias = config.normalisation, config.normalisation == "none"  # a normalisation has a bias
        halvings: list[keras.layers.Layer] = []
        for maps in ENCODER_MAPS:
            halvings += [Conv2D(maps, KERNEL, STRIDE, "same", use_bias=bias, kernel_initializer=RELU_START)]
            halvings += [*normalisations(kind, CHANNEL_GROUPS), ReLU()]
        whole = Reshape([1, 1, height * width * ENCODER_MAPS[-1]])
        last = Dense(self.units, use_bias=bias, kernel_initializer=RELU_START)
        self.network = keras.Sequential([*halvings, whole, last, *normalisations(kind, channel_groups=1), ReLU()])

    def call(self, images: tf.Tensor, training: bool = False) -> tf.Tensor:
        merged = tf.reshape(images, [-1, *self.image_shape])  # [G*B, H, W, C]
        features = self.network(merged, training=training)  # [G*B, 1, 1, hidden_units]
        return tf.reshape(features, [tf.shape(images)[0], tf.shape(images)[1], self.units])


class ConvDecoder(keras.layers.Layer):
    """Two dense layers to the smallest maps, and four transposed convolutions that double them.

    The second dense layer is the official code's first transposed convolution, from one pixel,
    with a bias for every pixel of the smallest maps. A ReLU follows every layer but the last.

    Takes z [G, B, L] and beta [G, M]. Returns [G, B, H, W, C].
    """

    def __init__(self, image_shape: tuple[int, int, int], config: ModelConfig) -> None:
        super().__init__()
        self.image_shape = image_shape
        smallest = [*smallest_sides(image_shape), DECODER_MAPS[0]]
        self.hidden = JointDense(config)
        first = Dense(math.prod(smallest), activation="relu", kernel_initializer=RELU_START)
        doublings = [doubling(maps, "relu") for maps in DECODER_MAPS[1:]]
        self.network = keras.Sequential([first, Reshape(smallest), *doublings, doubling(image_shape[-1])])

    def call(self, z: tf.Tensor, beta: tf.Tensor | None = None) -> tf.Tensor:
        hidden = self.hidden(z, beta)  # [G, B, hidden_units]
        maps = self.network(tf.reshape(hidden, [-1, hidden.shape[-1]]))  # [G*B, H, W, C]
        return tf.reshape(maps, [tf.shape(z)[0], tf.shape(z)[1], *self.image_shape])


def doubling(maps: int, activation: str | None = None) -> Conv2DTranspose:
    """A transposed convolution that doubles the sides."""
    return Conv2DTranspose(
        maps, KERNEL, STRIDE, "same", activation=activation, kernel_initializer=DOUBLING_START.clone()
    )
