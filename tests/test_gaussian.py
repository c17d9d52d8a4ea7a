"""Products and divergences of Gaussians, against quadrature, Monte Carlo, SciPy and TFP."""

import numpy as np
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import norm
from tensorflow_probability import distributions as tfd

from ugvae_tf import gaussian

means = arrays(np.float32, (2, 5, 3), elements=st.floats(-3, 3, width=32))
stddevs = arrays(np.float32, (2, 5, 3), elements=st.floats(0.125, 4, width=32))


def product(mean, stddev):
    precision = 1 / stddev**2
    return gaussian.product_of_experts(tf.constant(precision), tf.constant(precision * mean))


def test_product_of_experts_is_the_normalised_product_of_the_densities():
    mean = np.array([[[0.5], [-1.0], [2.0]]], np.float32)
    stddev = np.array([[[0.7], [1.5], [1.1]]], np.float32)
    grid = np.linspace(-12, 12, 40001)
    density = np.exp(-0.5 * ((grid[:, None] - mean[0, :, 0]) / stddev[0, :, 0]) ** 2).prod(axis=1)
    density /= density.sum()
    by_quadrature = (grid * density).sum()
    result = product(mean, stddev)
    np.testing.assert_allclose(result.mean()[0, 0], by_quadrature, rtol=1e-4)
    np.testing.assert_allclose(result.variance()[0, 0], ((grid - by_quadrature) ** 2 * density).sum(), rtol=1e-4)


def test_a_prior_is_one_more_factor_of_the_product():
    random = np.random.default_rng(0)
    mean, stddev = (
        random.normal(size=(2, 5, 3)).astype(np.float32),
        random.uniform(0.5, 2, (2, 5, 3)).astype(np.float32),
    )
    prior = gaussian.diagonal(mean[:, 4], stddev[:, 4])
    precision = 1 / stddev**2
    result = gaussian.product_of_experts(precision[:, :4], (precision * mean)[:, :4], prior)
    np.testing.assert_allclose(result.mean(), product(mean, stddev).mean(), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(result.stddev(), product(mean, stddev).stddev(), rtol=1e-5)


@settings(deadline=None, max_examples=25)
@given(means, stddevs, st.permutations(range(5)))
def test_the_order_of_the_images_leaves_the_product_alone(mean, stddev, order):
    first, second = product(mean, stddev), product(mean[:, order], stddev[:, order])
    np.testing.assert_allclose(first.mean(), second.mean(), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(first.stddev(), second.stddev(), rtol=1e-4)


@settings(deadline=None, max_examples=25)
@given(means, stddevs)
def test_a_product_is_narrower_than_each_expert_and_its_mean_lies_between_theirs(mean, stddev):
    result = product(mean, stddev)
    assert np.all(result.stddev() <= stddev.min(axis=1) * 1.0001)
    assert np.all(result.mean() >= mean.min(axis=1) - 1e-3)
    assert np.all(result.mean() <= mean.max(axis=1) + 1e-3)


def test_an_expert_of_precision_zero_changes_nothing():
    precision = np.array([[[2.0], [3.0], [0.0]]], np.float32)
    precision_mean = np.array([[[1.0], [-1.0], [0.0]]], np.float32)
    padded = gaussian.product_of_experts(precision, precision_mean)
    alone = gaussian.product_of_experts(precision[:, :2], precision_mean[:, :2])
    np.testing.assert_array_equal(padded.mean(), alone.mean())
    np.testing.assert_array_equal(padded.stddev(), alone.stddev())


@settings(deadline=None, max_examples=25)
@given(means, stddevs, st.integers(0, 2**31 - 1))
def test_kl_to_components_equals_tfp_pair_by_pair(mean, stddev, seed):
    random = np.random.default_rng(seed)
    prior_mean = random.normal(size=(2, 7, 3)).astype(np.float32)
    prior_stddev = random.uniform(0.5, 2, (2, 7, 3)).astype(np.float32)
    kl = gaussian.kl_to_components(
        tfd.MultivariateNormalDiag(mean, stddev), tfd.MultivariateNormalDiag(prior_mean, prior_stddev)
    )
    pairs = tfd.MultivariateNormalDiag(mean[:, :, None], stddev[:, :, None]).kl_divergence(
        tfd.MultivariateNormalDiag(prior_mean[:, None], prior_stddev[:, None])
    )
    assert kl.shape == (2, 5, 7)
    np.testing.assert_allclose(kl, pairs, rtol=1e-3, atol=2e-3)


@settings(deadline=None)
@given(means, stddevs)
def test_log_prob_of_components_is_scipys(mean, stddev):
    z = np.random.default_rng(0).normal(size=(7, 2, 3, 3)).astype(np.float32)
    p_z = gaussian.diagonal(mean[:1], stddev[:1])  # five components
    expected = norm.logpdf(z[..., np.newaxis, :], mean[0], stddev[0]).sum(axis=-1)
    found = gaussian.log_prob_of_components(z, p_z)
    assert found.shape == (7, 2, 3, 5)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)


def test_kl_to_components_equals_a_monte_carlo_average():
    q_z = tfd.MultivariateNormalDiag(np.float32([[[0.3, -0.7]]]), np.float32([[[0.6, 1.2]]]))
    p_z = tfd.MultivariateNormalDiag(np.float32([[[0.0, 0.5]]]), np.float32([[[1.0, 0.8]]]))
    z = q_z.sample(200_000, seed=[1, 2])
    estimate = tf.reduce_mean(q_z.log_prob(z) - p_z.log_prob(z))
    np.testing.assert_allclose(gaussian.kl_to_components(q_z, p_z)[0, 0, 0], estimate, atol=0.02)


def test_kl_of_equals_is_zero():
    q_z = tfd.MultivariateNormalDiag(np.float32([[[0.3, -0.7, 2.0]]]), np.float32([[[0.6, 1.2, 0.1]]]))
    np.testing.assert_allclose(gaussian.kl_to_components(q_z, q_z)[0, 0, 0], 0, atol=1e-4)
