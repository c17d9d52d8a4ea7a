"""The anatomy of a KL term: on linear-Gaussian models every part is known in closed form."""

import numpy as np
import pytest
from scipy.stats import norm

from ugvae_tf.evaluation import anatomy
from ugvae_tf.evaluation.likelihood import gaussian_kl

N = 1000


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


class LinearGaussian:
    """x ~ N(0, I), q(z | x) = N(W x, diag s^2), so the aggregate is N(0, W W' + diag s^2)."""

    def __init__(self, weights: np.ndarray, stddevs: np.ndarray) -> None:
        x = generator().normal(size=(N, weights.shape[1]))
        self.means, self.stddevs = x @ weights.T, np.tile(stddevs, (N, 1))
        self.noise, self.covariance = stddevs**2, weights @ weights.T + np.diag(stddevs**2)

    def information(self) -> float:
        return (np.linalg.slogdet(self.covariance)[1] - np.log(self.noise).sum()) / 2

    def total_correlation(self) -> float:
        return (np.log(np.diagonal(self.covariance)).sum() - np.linalg.slogdet(self.covariance)[1]) / 2

    def aggregate_kl(self, mean: np.ndarray, stddev: np.ndarray) -> float:
        """KL(aggregate || N(mean, diag stddev^2))."""
        scaled = self.covariance / np.outer(stddev, stddev)
        return (np.trace(scaled) + ((mean / stddev) ** 2).sum() - len(mean) - np.linalg.slogdet(scaled)[1]) / 2

    def found(self) -> anatomy.Anatomy:
        return anatomy.anatomy(self.means, self.stddevs, generator(1))


WEIGHTS = np.array([[1.0, 0.5, 0.0, 0.0], [0.8, -0.2, 0.3, 0.0], [0.0, 0.0, 0.0, 0.0]])


def test_information_between_its_bounds_is_that_of_the_model():
    model = LinearGaussian(WEIGHTS, np.array([0.4, 0.5, 1.0]))
    found, exact = model.found(), model.information()
    assert exact == pytest.approx(1.58, abs=0.01)
    error = 4 * found.information_lower.std() / np.sqrt(N)
    assert found.information_lower.mean() == pytest.approx(exact, abs=error + 0.02)
    assert found.information_upper.mean() == pytest.approx(exact, abs=error + 0.02)
    assert found.information_lower.mean() <= found.information_upper.mean() + error


def test_the_parts_of_the_kl_and_the_total_correlation_are_those_of_the_model():
    model = LinearGaussian(WEIGHTS, np.array([0.4, 0.5, 1.0]))
    mean, stddev = np.array([0.5, 0.0, -1.0]), np.array([1.5, 1.0, 0.8])
    kl = anatomy.kl_from_mixture(model.means, model.stddevs, mean[None], stddev[None], np.ones(1), generator())
    np.testing.assert_allclose(kl, gaussian_kl(model.means, model.stddevs, mean, stddev))
    assert kl.mean() == pytest.approx(model.information() + model.aggregate_kl(mean, stddev), rel=0.05)
    found = model.found()
    aggregate = kl.mean() - found.information_upper.mean()
    assert aggregate == pytest.approx(model.aggregate_kl(mean, stddev), abs=0.1)
    correlation = found.dimension_information - found.information_upper.mean()
    assert correlation == pytest.approx(model.total_correlation(), abs=0.05) and correlation > 0.15


def test_more_information_than_log_n_is_bounded_from_above_only():
    weights = generator(2).normal(size=(9, 9))
    model = LinearGaussian(weights, np.full(9, 0.05))
    found, exact = model.found(), model.information()
    assert exact > 25
    assert found.information_lower.max() <= np.log(N) + 1e-9
    assert found.information_lower.mean() == pytest.approx(np.log(N), abs=0.01)
    assert found.information_upper.mean() == pytest.approx(exact, abs=0.5)


def test_fewer_betas_in_a_mixture_that_stands_for_the_prior_give_a_larger_kl():
    """p(z) = E N(z; A beta, s^2 I), beta ~ N(0, I): a Gaussian, whose KL is known."""
    random, stddev = generator(), 0.5
    weights, posterior = random.normal(size=(8, 8)), (random.normal(size=(300, 8)), np.full((300, 8), 0.3))
    covariance = weights @ weights.T + stddev**2 * np.eye(8)
    inverse, logdet = np.linalg.inv(covariance), np.linalg.slogdet(covariance)[1]
    quadratic = np.einsum("nf,fg,ng->n", posterior[0], inverse, posterior[0]) + 0.09 * np.trace(inverse)
    exact = ((quadratic - 8 + logdet) / 2 - 8 * np.log(0.3)).mean()
    betas, found = random.normal(size=(20_000, 8)), []
    for count in (125, 500, 20_000):
        moments = betas[:count] @ weights.T, np.full((count, 8), stddev), np.full(count, 1 / count)
        found.append(anatomy.kl_from_mixture(*posterior, *moments, generator(1)).mean())
    assert found[0] > 1.1 * found[1] > 1.1 * found[2] > 1.1 * exact


def test_separate_clusters_tell_which_cluster_it_is():
    """Four posteriors that do not overlap: the information is log 4, and far less than a Gaussian would allow."""
    means = np.repeat([[-30.0], [-10.0], [10.0], [30.0]], N // 4, axis=0)
    found = anatomy.anatomy(means, np.ones((N, 1)), generator())
    assert found.information_lower.mean() == pytest.approx(np.log(4), abs=1e-3)
    assert found.information_upper.mean() == pytest.approx(np.log(4), abs=5e-3)


def test_posteriors_that_are_all_the_same_tell_nothing():
    found = anatomy.anatomy(np.zeros((50, 3)), np.ones((50, 3)), generator())
    np.testing.assert_allclose(found.information_lower, 0, atol=1e-9)
    assert found.dimension_information == pytest.approx(0, abs=1e-9) and found.active_units == 0


def test_units_whose_means_vary_are_active_at_any_scale():
    stddevs = np.array([0.4, 0.5, 1.0])
    for scale in (1, 1e-4, 1e4):
        assert LinearGaussian(scale * WEIGHTS, scale * stddevs).found().active_units == 2
    assert LinearGaussian(np.array([[0.09], [0.11]]), np.ones(2)).found().active_units == 1  # .01 of the variance


def test_chunks_do_not_change_the_result(monkeypatch):
    model = LinearGaussian(WEIGHTS, np.array([0.4, 0.5, 1.0]))
    expected = model.found()
    monkeypatch.setattr(anatomy, "CHUNK", 7 * N)
    np.testing.assert_allclose(model.found().information_lower, expected.information_lower)


def test_densities_and_a_mixture_prior_are_those_of_scipy():
    random = generator()
    means, stddevs = random.normal(size=(5, 3)), random.uniform(0.5, 2, (5, 3))
    z, probs = random.normal(size=(4, 3)), random.dirichlet(np.ones(5))
    expected = norm.logpdf(z[:, None], means, stddevs).sum(axis=-1)
    np.testing.assert_allclose(anatomy.log_densities(z, means, stddevs), expected)
    posterior = random.normal(size=(1, 3)), random.uniform(0.1, 0.3, (1, 3))
    many = [np.repeat(each, 20_000, axis=0) for each in posterior]
    kl = anatomy.kl_from_mixture(*many, means, stddevs, probs, generator(1))
    samples = random.normal(*posterior, size=(20_000, 3))
    log_q = norm.logpdf(samples, *posterior).sum(axis=-1)
    log_p = np.log(np.exp(norm.logpdf(samples[:, None], means, stddevs).sum(axis=-1)) @ probs)
    assert kl.mean() == pytest.approx((log_q - log_p).mean(), abs=0.05)
