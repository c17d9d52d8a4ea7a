"""The bound given beta: against closed forms of a linear-Gaussian model, and against log p(x | beta)."""

import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import multivariate_normal, norm
from small_models import EXTENDED, moved, random_images, small_model
from test_likelihood import PIXELS, B, L, LinearGaussian, _Served

from ugvae_tf.evaluation import prediction
from ugvae_tf.evaluation.bootstrap import interval, with_interval

SAMPLES = 4000


@pytest.fixture(scope="module")
def toy():
    """The model, one group of images [B, H, W, C], its codes, and some betas."""
    model, random = LinearGaussian(), np.random.default_rng(1)
    images = random.multivariate_normal(np.zeros(B * PIXELS), model.joint_covariance()).reshape(B, PIXELS, 1, 1)
    return model, images, model.encode(images[np.newaxis]), random.normal(size=(4, model.m))


def exact_bound(model, images, codes, betas):
    """E_q(z) log p(x | z, beta) - KL(q(z) || p(z | beta)) of every image and beta [C, B]."""
    mean, variance = codes.z_mean[0], codes.z_stddev[0] ** 2  # [B, L]
    prior_mean, prior_variance = (betas @ model.a.T)[:, np.newaxis], model.z_stddev**2
    expected_pixels = mean @ model.c.T + (betas @ model.d.T)[:, np.newaxis]
    log_density = norm.logpdf(images.reshape(B, PIXELS), expected_pixels, model.x_stddev).sum(axis=-1)
    trace = (variance @ (model.c**2).sum(axis=0)) / (2 * model.x_stddev**2)
    ratio = (variance + (mean - prior_mean) ** 2) / prior_variance
    kl = 0.5 * (ratio - 1 - np.log(variance / prior_variance)).sum(axis=-1)
    return log_density - trace - kl


def estimates(model, images, codes, betas):
    """Bounds with SAMPLES samples of z [SAMPLES, C, B]."""
    noise = np.random.default_rng(2).standard_normal((SAMPLES, B, L))
    zs = codes.z_mean[0] + codes.z_stddev[0] * noise
    return np.stack([prediction.bounds_given_betas(model, images, codes, z, betas) for z in zs])


def test_on_average_over_z_the_bound_is_the_exact_one(toy):
    found = estimates(*toy)
    error = found.std(axis=0) / np.sqrt(SAMPLES)
    assert (np.abs(found.mean(axis=0) - exact_bound(*toy)) < 4.5 * error).all()


def test_differences_between_betas_are_exact_too_and_have_less_noise_than_the_bounds(toy):
    found, exact = estimates(*toy), exact_bound(*toy)
    gain = found[:, 0] - found[:, 1:].swapaxes(0, 1)  # [C - 1, SAMPLES, B]
    error = gain.std(axis=1) / np.sqrt(SAMPLES)
    assert (np.abs(gain.mean(axis=1) - (exact[0] - exact[1:])) < 4.5 * error).all()
    assert gain.std(axis=1).mean() < found.std(axis=0).mean()


def test_it_never_exceeds_the_density_given_beta(toy):
    model, images, _, betas = toy
    covariance = model.z_stddev**2 * model.c @ model.c.T + model.x_stddev**2 * np.eye(PIXELS)
    centred = images.reshape(B, PIXELS) - (betas @ (model.c @ model.a + model.d).T)[:, np.newaxis]
    exact = multivariate_normal(np.zeros(PIXELS), covariance).logpdf(centred)
    assert (estimates(*toy).mean(axis=0) < exact).all()


@pytest.mark.parametrize("variant", [{}, EXTENDED], ids=["paper", "extended"])
def test_an_image_of_the_group_has_the_terms_of_the_models_own_bound(variant):
    """Given the group's own beta the images' bounds sum to what the Keras model has without KL(q(beta) || p(beta))."""
    model, images = moved(small_model(**variant)), random_images(1, 3)
    codes, optimal = model.encode(images), model.config.component_posterior == "optimal"
    found = prediction.bounds_given_betas(_Served(model), images[0], codes, codes.z_mean[0], codes.beta_mean, optimal)
    terms = model.elbo_terms(images, np.ones([1, 3], np.float32), seed=None)
    expected = terms.log_px - terms.kl_z - terms.kl_d
    np.testing.assert_allclose(found.sum(axis=1), expected, rtol=1e-4, atol=1e-3)


def test_the_optimal_q_d_has_a_better_bound_than_any_other():
    served, images = _Served(moved(small_model(component_prior="beta"))), random_images(1, 3)
    codes = served.encode(images)
    betas = np.random.default_rng(0).normal(size=(2, 4)).astype(np.float32)
    best = prediction.bounds_given_betas(served, images[0], codes, codes.z_mean[0], betas, optimal=True)
    for seed in range(20):
        codes.component_probs[:] = softmax(np.random.default_rng(seed).normal(size=(1, 3, 6)), axis=-1)
        other = prediction.bounds_given_betas(served, images[0], codes, codes.z_mean[0], betas)
        assert (other < best).all()


def test_an_interval_covers_the_true_mean_as_often_as_it_says():
    random = np.random.default_rng(0)
    inside = [low < 3 < high for low, high in (interval(random.normal(3, 2, 50), random) for _ in range(500))]
    assert 0.90 < np.mean(inside) < 0.98
    found = with_interval("x", np.array([1.0, 1.0, 1.0]), random)
    assert found == {"x": 1, "x_low": 1, "x_high": 1}
