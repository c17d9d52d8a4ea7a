"""Sizes and channels of images, as training has them."""

import numpy as np
import tensorflow as tf

from ugvae_tf.errors import UserError

BLOCK = 4096  # images that become grey at a time


def central_square(image: tf.Tensor, size: int) -> tf.Tensor:
    """The central square of an image [h, w, C] uint8, resized to [size, size, C] uint8."""
    side = tf.reduce_min(tf.shape(image)[:2])
    image = tf.image.resize_with_crop_or_pad(image, side, side)
    return tf.saturate_cast(tf.round(tf.image.resize(image, [size, size], antialias=True)), tf.uint8)


def of_shape(image: tf.Tensor, shape: tuple[int, int, int]) -> tf.Tensor:
    """An image [h, w, 1 or 3] uint8 in the shape [H, W, C] of a model's images.

    An image of another size becomes its central square, resized. Grey is repeated in three channels, as in training;
    for a model of grey images a colour becomes its luma.

    Raises:
        InvalidArgumentError: the image has another size, and the model's images are not square.
    """
    height, width, channels = shape
    if image.shape == shape:
        return image
    if height == width:
        same = tf.reduce_all(tf.shape(image)[:2] == [height, width])
        image = tf.cond(same, lambda: image, lambda: central_square(image, height))
    if image.shape[-1] is None:
        grey = tf.shape(image)[-1] == 1
        image = tf.cond(grey, lambda: _in_channels(image, 1, channels), lambda: _in_channels(image, 3, channels))
    else:
        image = _in_channels(image, image.shape[-1], channels)
    return tf.ensure_shape(image, shape)


def _in_channels(image: tf.Tensor, present: int, wanted: int) -> tf.Tensor:
    """An image with `present` channels in `wanted` channels; each is 1 or 3."""
    image = tf.ensure_shape(image, [None, None, present])
    if (present, wanted) == (3, 1):
        return tf.image.rgb_to_grayscale(image)
    return image if present == wanted else tf.repeat(image, wanted, axis=-1)


def batch_of_shape(images: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """As `of_shape`, of images [n, h, w, 1 or 3] uint8; raises UserError if their size cannot be changed."""
    if images.shape[1:] == tuple(shape):
        return images
    if images.shape[1:3] != tuple(shape[:2]) and shape[0] != shape[1]:
        raise UserError(f"The images are {images.shape[1:]}, but the model takes {tuple(shape)}: resize your images.")
    if images.shape[1:3] == tuple(shape[:2]):
        return _batch_in_channels(images, shape[-1])
    specification = tf.TensorSpec(shape, tf.uint8)
    return tf.map_fn(lambda image: of_shape(image, shape), images, fn_output_signature=specification).numpy()


def _batch_in_channels(images: np.ndarray, wanted: int) -> np.ndarray:
    if images.shape[-1] == 1:
        return np.repeat(images, wanted, axis=-1)
    parts = (images[start : start + BLOCK] for start in range(0, len(images), BLOCK))
    return np.concatenate([tf.image.rgb_to_grayscale(part).numpy() for part in parts])
