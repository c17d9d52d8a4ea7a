"""Groups of images as input of a model: checks of shape and range, before Keras or TensorFlow."""

from typing import Any

import numpy as np
import tensorflow as tf

from ugvae_tf.errors import UserError

ImageShape = tuple[int, int, int]


def as_groups(images: Any, image_shape: ImageShape) -> np.ndarray:
    """Images, uint8 or floats in [0, 1], as groups [G, B, H, W, C]; one group [B, H, W, C] becomes G = 1.

    Raises:
        UserError: another shape, type or range, or no image at all.
    """
    images = np.asarray(images)
    check_shape(images.shape, image_shape)
    if images.size == 0:
        raise UserError(f"These images have shape {images.shape}: an empty group has no code.")
    _check_range(images)
    return images if images.ndim == 5 else images[np.newaxis]


def check_shape(shape: tuple[int | None, ...], image_shape: ImageShape) -> None:
    """Raise UserError unless `shape` is [G, B, H, W, C] or [B, H, W, C] for images of this shape."""
    if len(shape) in (4, 5) and tuple(shape[-3:]) == tuple(image_shape):
        return
    sizes = ", ".join(map(str, image_shape))
    raise UserError(
        f"These images have shape {tuple(shape)}: the model takes groups [G, B, {sizes}], or one group [B, {sizes}]."
    )


def _check_range(images: np.ndarray) -> None:
    """Raise UserError unless the pixels are uint8, or floats in [0, 1]."""
    if images.dtype == np.uint8:
        return
    if images.dtype.kind != "f":
        raise UserError(f"These images are {images.dtype}: give uint8, or floats in [0, 1].")
    low, high = images.min(), images.max()
    if not (low >= 0 and high <= 1):
        raise UserError(f"These images are floats from {low:g} to {high:g}: give floats in [0, 1], or uint8.")


def as_mask(mask: Any, images: np.ndarray) -> np.ndarray:
    """The mask as float32 [G, B]: all ones if `mask` is None; the mask [B] of one group becomes G = 1.

    Raises:
        UserError: another shape, or a group without an image.
    """
    if mask is None:
        return np.ones(images.shape[:2], np.float32)
    found = np.asarray(mask, np.float32)
    found = found[np.newaxis] if found.ndim == 1 else found
    if found.shape != images.shape[:2]:
        raise UserError(f"The mask has shape {np.shape(mask)}: images {images.shape} need one of {images.shape[:2]}.")
    if not found.any(axis=1).all():
        raise UserError("The mask leaves a group without an image: an empty group has no code.")
    return found


def as_tensors(data: Any) -> tuple[tf.Tensor, tf.Tensor]:
    """Images [G, B, H, W, C] in [0, 1] and mask [G, B] from the data of a Keras step.

    The data are images, or (images, mask); uint8 images are scaled.
    """
    images, mask = (*data, None)[:2] if isinstance(data, tuple) else (data, None)
    if images.dtype == tf.uint8:
        images = tf.cast(images, tf.float32) / 255
    images = tf.cast(images, tf.float32)
    if mask is None:
        mask = tf.ones(tf.shape(images)[:2])
    return images, tf.cast(mask, tf.float32)
