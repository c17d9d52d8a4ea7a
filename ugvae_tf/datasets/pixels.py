"""Check and conversion of arrays of pixels."""

import numpy as np

from ugvae_tf.errors import UserError


def as_bytes(images: np.ndarray, name: str) -> np.ndarray:
    """Images [N, H, W] or [N, H, W, C], uint8 or floats in [0, 1], as uint8 [N, H, W, C].

    Raises:
        UserError: another shape, type or range; `name` is the array's name in the message.
    """
    if images.ndim == 3:
        images = images[..., np.newaxis]
    check_pixels(images, name)
    return to_bytes(images)


def to_bytes(images: np.ndarray) -> np.ndarray:
    """Pixels that `check_pixels` accepts, of any shape, as uint8."""
    return images if images.dtype == np.uint8 else np.rint(images * 255).astype(np.uint8)


def check_pixels(images: np.ndarray, name: str) -> None:
    """Raise UserError unless these are images [N, H, W, C], uint8 or floats in [0, 1]."""
    if images.ndim != 4 or images.shape[-1] not in (1, 3) or images.size == 0:
        raise UserError(f"{name} has shape {images.shape}: it has to be [N, H, W] or [N, H, W, C] with C = 1 or 3.")
    if images.dtype == np.uint8:
        return
    if not np.issubdtype(images.dtype, np.floating) or not (images.min() >= 0 and images.max() <= 1):
        raise UserError(f"{name} is {images.dtype}: it has to be uint8, or floats between 0 and 1.")
