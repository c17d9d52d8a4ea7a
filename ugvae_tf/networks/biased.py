"""Keras's layers with a bias whose gradient is right in bfloat16 too.

The gradient of a bias is a sum over all images and pixels. TensorFlow's BiasAdd sums it in bfloat16, where a sum stops
growing at 256 times its summands: of 128 images of 64x64 pixels 4 % were left. The gradient of a broadcast addition is
summed in float32. In float32 the layers are Keras's own.
"""

from typing import Any

import keras
import tensorflow as tf

FLOAT32 = "float32"


def plus_bias(outputs: tf.Tensor, bias: Any) -> tf.Tensor:
    """Add a bias [C], or None, to outputs [..., C]."""
    return outputs if bias is None else tf.raw_ops.AddV2(x=outputs, y=tf.convert_to_tensor(bias))


class Dense(keras.layers.Dense):
    """Keras's dense layer."""

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        if self.compute_dtype == FLOAT32:
            return super().call(inputs, training)
        return self.activation(plus_bias(keras.ops.matmul(inputs, self.kernel), self.bias))


class Conv2D(keras.layers.Conv2D):
    """Keras's convolution."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        if self.compute_dtype == FLOAT32:
            return super().call(inputs)
        return self.activation(plus_bias(self.convolution_op(inputs, self.kernel), self.bias))


class Conv2DTranspose(keras.layers.Conv2DTranspose):
    """Keras's transposed convolution."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        if self.compute_dtype == FLOAT32:
            return super().call(inputs)
        outputs = keras.ops.conv_transpose(inputs, self.kernel, strides=list(self.strides), padding=self.padding)
        return self.activation(plus_bias(outputs, self.bias))
