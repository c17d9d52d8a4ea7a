"""Experts without one of the images, and the influence of an image: against products of Gaussians."""

import numpy as np
import pytest

from ugvae_tf.evaluation.experts import Natural, influence, without_each

N, M = 7, 3
NOTHING = Natural(np.zeros(M), np.zeros(M))


def experts(seed: int = 0) -> Natural:
    random = np.random.default_rng(seed)
    precision = random.uniform(0.1, 5, size=(N, M))
    return Natural(precision, precision * random.normal(size=(N, M)))


PRIOR = Natural(np.array([0.5, 1.0, 2.0]), np.array([0.3, -1.0, 0.0]))


def log_product(of: list[int], prior: Natural, at: np.ndarray) -> np.ndarray:
    """The log density of the product of some experts and the prior at points [P, M], up to a constant: [P, M]."""
    found = experts()
    rows = [(found.precision[i], found.precision_mean[i]) for i in of] + [tuple(prior)]
    return sum(-0.5 * precision * at**2 + mean * at for precision, mean in rows)


@pytest.mark.parametrize("prior", [NOTHING, PRIOR])
def test_without_an_image_its_factor_is_gone(prior):
    at = np.linspace(-9, 9, 20_001)[:, np.newaxis] * np.ones(M)
    means, stddevs = without_each(experts(), prior).moments()
    for image in range(N):
        density = np.exp(log_product([i for i in range(N) if i != image], prior, at))
        density /= density.sum(axis=0)
        mean = (density * at).sum(axis=0)
        np.testing.assert_allclose(means[image], mean, atol=1e-6)
        np.testing.assert_allclose(stddevs[image] ** 2, (density * (at - mean) ** 2).sum(axis=0), rtol=1e-6)


@pytest.mark.parametrize("prior", [NOTHING, PRIOR])
def test_influence_is_the_symmetric_divergence_by_quadrature(prior):
    at = np.linspace(-12, 12, 40_001)[:, np.newaxis] * np.ones(M)
    with_all = log_product(list(range(N)), prior, at)
    with_all -= np.log(np.exp(with_all).sum(axis=0))
    for image, found in enumerate(influence(experts(), prior)):
        without = log_product([i for i in range(N) if i != image], prior, at)
        without -= np.log(np.exp(without).sum(axis=0))
        assert found == pytest.approx(((np.exp(with_all) - np.exp(without)) * (with_all - without)).sum(), rel=1e-6)


def test_an_image_like_all_others_moves_beta_least_and_one_far_away_most():
    precision = np.ones([N, M])
    mean = np.zeros([N, M])
    mean[3] = 9
    found = influence(Natural(precision, precision * mean), PRIOR)
    assert found.argmax() == 3
    assert np.ptp(np.delete(found, 3)) < 1e-12


def test_one_image_alone_is_all_that_beta_has_unless_there_is_a_prior():
    one = Natural(*(each[:1] for each in experts()))
    assert influence(one, NOTHING)[0] == np.inf
    assert 0 < influence(one, PRIOR)[0] < np.inf
