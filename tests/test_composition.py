"""Composition: R2 of codes that know a histogram wholly, half, or not at all."""

import numpy as np
import pytest

from ugvae_tf.errors import UserError
from ugvae_tf.evaluation import composition

NAMES = ("a", "b", "c")


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def histograms(groups: int, seed: int) -> np.ndarray:
    return generator(seed).dirichlet(np.ones(3), size=groups)


def r2(train_codes, train_histograms, test_codes, test_histograms) -> dict[str, float]:
    return composition.Regression(train_codes, train_histograms).r2(
        test_codes, test_histograms, NAMES[: test_histograms.shape[1]]
    )


def test_linear_codes_of_the_histogram_score_one():
    mixing = generator().normal(size=(3, 7)) * np.logspace(-3, 3, 7)
    train, test = histograms(151, 0), histograms(53, 1)
    scores = r2(train @ mixing + 5, train, test @ mixing + 5, test)
    assert list(scores) == ["r2_mean", "r2_a", "r2_b", "r2_c"]
    assert min(scores.values()) > 0.999


def test_a_code_of_one_label_explains_that_label_best():
    train, test = histograms(151, 0), histograms(53, 1)
    scores = r2(train[:, :1], train, test[:, :1], test)
    assert scores["r2_a"] > 0.999 and max(scores["r2_b"], scores["r2_c"]) < 0.6
    assert scores["r2_mean"] == pytest.approx((scores["r2_a"] + scores["r2_b"] + scores["r2_c"]) / 3)


def test_half_noise_explains_half():
    train, test = histograms(2001, 0), histograms(1001, 1)

    def noisy(clean, seed):
        return clean + generator(seed).normal(size=clean.shape) * clean.std(axis=0)

    scores = r2(noisy(train, 2)[:, :1], train[:, :1], noisy(test, 3)[:, :1], test[:, :1])
    assert scores["r2_a"] == pytest.approx(0.5, abs=0.05)


def test_the_scale_of_a_code_does_not_matter():
    train, test = histograms(151, 0), histograms(53, 1)
    noisy_train, noisy_test = (h + 0.2 * generator(len(h)).normal(size=h.shape) for h in (train, test))
    scale = np.array([1e-4, 1, 1e4])
    assert r2(noisy_train * scale, train, noisy_test * scale, test) == pytest.approx(
        r2(noisy_train, train, noisy_test, test)
    )


def test_codes_that_know_nothing_score_zero_or_less():
    train, test = histograms(151, 0), histograms(53, 1)
    constant = r2(np.ones((151, 4)), train, np.ones((53, 4)), test)
    noise = r2(generator(2).normal(size=(151, 4)), train, generator(3).normal(size=(53, 4)), test)
    assert -0.1 < min(constant.values()) <= max(constant.values()) <= 0
    assert -0.2 < noise["r2_mean"] < 0.05


def test_a_label_that_never_varies_has_no_part_in_the_mean():
    train, test = histograms(151, 0), histograms(53, 1)
    test[:, 1] = 0.25
    scores = r2(train[:, :1], train, test[:, :1], test)
    assert list(scores) == ["r2_mean", "r2_a", "r2_c"]
    assert scores["r2_mean"] == pytest.approx((scores["r2_a"] + scores["r2_c"]) / 2) and scores["r2_a"] > 0.999


def test_groups_that_are_all_alike_are_the_users_error():
    with pytest.raises(UserError, match="same composition"):
        r2(histograms(9, 0), histograms(9, 0), np.ones((4, 3)), np.full((4, 3), 1 / 3))


def test_one_regression_for_all_shuffles_scores_as_one_for_each():
    random, codes = generator(), generator(1).normal(size=(61, 4))
    train = random.dirichlet(np.ones(3), size=(5, 61))
    test = random.dirichlet(np.ones(3), size=(5, 33))
    test[2, :, 1] = 0.2  # a proportion that does not vary
    assert composition.shuffled_r2(codes, train, codes[:2], np.full((5, 2, 3), 1 / 3)) == pytest.approx(0)
    test_codes = random.normal(size=(33, 4))
    expected = [r2(codes, a, test_codes, b)["r2_mean"] for a, b in zip(train, test, strict=True)]
    np.testing.assert_allclose(composition.shuffled_r2(codes, train, test_codes, test), expected, rtol=1e-6)
