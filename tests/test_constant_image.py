"""The floor of the bound: the constant image that describes the images best."""

import numpy as np
import pytest
from scipy import stats
from small_models import small_config

from ugvae_tf.evaluation import constant_image
from ugvae_tf.evaluation.constant_image import constant_image_loss

IMAGES = np.random.default_rng(0).integers(30, 220, size=[23, 5, 3, 2]).astype(np.uint8)
IMAGES[:, 0, 0, 0] = 7  # a constant pixel


@pytest.mark.parametrize("variance", ["fixed", "learned", "network"])
def test_the_gaussian_loss_is_the_mean_density_of_the_mean_image(variance, monkeypatch):
    monkeypatch.setattr(constant_image, "CHUNK", 4)
    pixels = IMAGES / 255
    squares = (pixels - pixels.mean(axis=0)) ** 2
    best = {"fixed": 0.07, "learned": squares.mean(), "network": np.maximum(squares.mean(axis=0), 1 / 255**2)}
    density = stats.norm(pixels.mean(axis=0), np.sqrt(best[variance])).logpdf(pixels)
    config = small_config(observation_variance=variance, pixel_variance=0.07)
    assert constant_image_loss(IMAGES, config) == pytest.approx(-density.sum(axis=(1, 2, 3)).mean(), rel=1e-9)


def test_the_bernoulli_loss_is_the_mean_probability_of_the_mean_image():
    black_and_white = np.where(IMAGES > 120, 255, 0).astype(np.uint8)
    mean = (black_and_white / 255).mean(axis=0)
    mass = stats.bernoulli(mean).logpmf(black_and_white // 255).sum(axis=(1, 2, 3))
    assert constant_image_loss(black_and_white, small_config(likelihood="bernoulli")) == pytest.approx(-mass.mean())


def test_no_other_constant_image_has_a_lower_loss():
    config, pixels = small_config(observation_variance="learned"), IMAGES / 255
    floor = constant_image_loss(IMAGES, config)
    for shift, scale in [(0.01, 1.0), (-0.02, 1.0), (0.0, 1.1), (0.0, 0.9)]:
        stddev = scale * np.sqrt(((pixels - pixels.mean(axis=0)) ** 2).mean())
        density = stats.norm(pixels.mean(axis=0) + shift, stddev).logpdf(pixels)
        assert -density.sum(axis=(1, 2, 3)).mean() > floor
