"""The floor of every bound: a model without latent variables, whose pixels are independent constants."""

import numpy as np
from scipy.special import entr

from ugvae_tf.config.settings import MIN_PIXEL_STDDEV, ModelConfig

CHUNK = 1000  # images in memory as floats


def constant_image_loss(images: np.ndarray, config: ModelConfig) -> float:
    """Minus the mean log-likelihood of images under the constant image that describes them best, in nats per image.

    The image is the mean; the variance is the fixed one, or the best number, or the best number for every pixel, as
    `observation_variance` allows. Both come from the same images, so that no constant image has a lower loss.

    Args:
        images: [N, H, W, C] uint8.
    """
    mean, variance = moments(images)
    if config.likelihood == "bernoulli":
        return float(np.sum(entr(mean) + entr(1 - mean)))
    fitted = {
        "fixed": np.full_like(variance, config.pixel_variance),
        "learned": np.full_like(variance, variance.mean()),
        "network": variance,
    }[config.observation_variance]
    if config.observation_variance != "fixed":
        fitted = np.maximum(fitted, MIN_PIXEL_STDDEV**2)
    return float(0.5 * np.sum(variance / fitted + np.log(2 * np.pi * fitted)))


def moments(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance [H, W, C] over images [N, H, W, C] uint8, of pixels in [0, 1]."""
    total, squares = np.zeros(images.shape[1:]), np.zeros(images.shape[1:])
    for start in range(0, len(images), CHUNK):
        pixels = images[start : start + CHUNK] / 255
        total += pixels.sum(axis=0)
        squares += (pixels**2).sum(axis=0)
    mean = total / len(images)
    return mean, np.maximum(squares / len(images) - mean**2, 0)
