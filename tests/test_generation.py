"""Measures of generated images: against closed forms, matrix square roots and Monte Carlo."""

import numpy as np
import pytest
from scipy.linalg import sqrtm
from scipy.stats import multivariate_normal, norm

from ugvae_tf.errors import UserError
from ugvae_tf.evaluation import generation
from ugvae_tf.evaluation.label_classifier import LabelClassifier

F = 3


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def features(count: int, seed: int) -> np.ndarray:
    return generator(seed).normal(size=(count, F)) @ generator(seed + 7).normal(size=(F, F)) + seed


def test_the_frechet_distance_is_that_of_the_formula_with_a_matrix_square_root():
    first, second = features(53, 0), features(41, 1)
    c1, c2 = np.cov(first.T), np.cov(second.T)
    expected = ((first.mean(axis=0) - second.mean(axis=0)) ** 2).sum() + np.trace(c1 + c2 - 2 * sqrtm(c1 @ c2).real)
    assert generation.frechet_distance(first, second) == pytest.approx(expected)
    assert generation.frechet_distance(second, first) == pytest.approx(expected)


def test_the_frechet_distance_of_a_shift_is_its_square_and_of_a_set_to_itself_zero():
    first = features(53, 0)
    assert generation.frechet_distance(first, first + np.array([3, 0, 4])) == pytest.approx(25)
    assert generation.frechet_distance(first, first) == pytest.approx(0, abs=1e-6)


def test_histograms_that_follow_the_groups_score_one_and_the_mean_scores_zero():
    given = generator().dirichlet(np.ones(5), size=31)
    assert generation.histogram_r2(given, given) == 1
    assert generation.histogram_r2(given, np.tile(given.mean(axis=0), (31, 1))) == pytest.approx(0)
    assert generation.histogram_r2(given, np.roll(given, 1, axis=0)) < -0.5


def test_groups_that_are_all_alike_are_the_users_error_and_no_part_of_an_interval():
    with pytest.raises(UserError, match="same composition"):
        generation.histogram_r2(np.ones((3, 1)), np.ones((3, 1)))
    assert generation.histogram_r2_interval(np.eye(2), np.eye(2), generator()) == (1, 1)


def test_the_interval_of_the_histograms_holds_their_score():
    given = generator().dirichlet(np.ones(5), size=101)
    noisy = given + generator(1).normal(scale=0.1, size=given.shape)
    low, high = generation.histogram_r2_interval(given, noisy, generator(2))
    assert low < generation.histogram_r2(given, noisy) < high < low + 0.2


def test_the_kl_of_the_aggregate_is_that_of_a_monte_carlo_estimate():
    means, stddevs = features(2000, 1), generator(3).uniform(0.5, 2, size=(2000, F))
    prior_mean, prior_stddev = np.array([1.0, 0.0, -1.0]), np.array([1.0, 2.0, 3.0])
    found = generation.aggregate_kl(means, stddevs, prior_mean, prior_stddev)
    covariance = np.cov(means.T) + np.diag((stddevs**2).mean(axis=0))
    aggregate = multivariate_normal(means.mean(axis=0), covariance)
    samples = aggregate.rvs(200_000, random_state=0)
    log_ratio = aggregate.logpdf(samples) - norm.logpdf(samples, prior_mean, prior_stddev).sum(axis=1)
    assert found == pytest.approx(log_ratio.mean(), abs=4 * log_ratio.std() / np.sqrt(len(samples)))


def test_groups_that_are_samples_of_the_prior_have_no_kl():
    prior_mean, prior_stddev = np.array([5.0, -5.0]), np.array([0.1, 10.0])
    stddevs = np.full((100_000, 2), 0.6) * prior_stddev
    means = generator().normal(prior_mean, 0.8 * prior_stddev, size=(100_000, 2))
    assert generation.aggregate_kl(means, stddevs, prior_mean, prior_stddev) == pytest.approx(0, abs=1e-3)


@pytest.fixture(scope="module")
def classifier():
    return LabelClassifier(*digits(900, 0), seed=0)


def digits(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Images [N, 7, 5, 1] of three kinds, each with a bright row of its own, in noise; and names of the kinds."""
    kinds = generator(seed).integers(3, size=count)
    images = generator(seed + 1).integers(120, size=(count, 7, 5, 1))
    images[np.arange(count), 2 * kinds] += 100
    return images.astype(np.uint8), np.array(["a", "b", "c"])[kinds]


def test_the_classifier_reads_new_images_as_bytes_and_as_floats(classifier):
    images, labels = digits(200, 5)
    assert classifier.accuracy(images, labels) > 0.98
    np.testing.assert_array_equal(classifier.labels(images / 255), classifier.labels(images))
    np.testing.assert_allclose(classifier.probabilities(images).sum(axis=1), 1, rtol=1e-5)


def test_it_is_sure_of_real_images_and_not_of_grey_ones(classifier):
    images, _ = digits(200, 5)
    assert classifier.recognised(images).mean() > 0.8
    assert classifier.recognised(np.tile(images.mean(axis=0) / 255, (3, 1, 1, 1))).mean() == 0


def test_its_features_lead_to_its_probabilities(classifier):
    images, _ = digits(20, 5)
    network = classifier._network
    logits = classifier.features(images) @ network.coefs_[1] + network.intercepts_[1]
    np.testing.assert_array_equal(logits.argmax(axis=1), classifier.probabilities(images).argmax(axis=1))
