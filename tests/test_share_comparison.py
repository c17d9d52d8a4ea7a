"""The permutation test of component shares: against all permutations, under the null and with a difference."""

from itertools import combinations

import numpy as np
import pytest

from ugvae_tf.evaluation import share_comparison
from ugvae_tf.evaluation.share_comparison import share_test, typicality

K = 4


def probs(images: int, seed: int, shares: tuple[float, ...] = (0.4, 0.3, 0.2, 0.1)) -> np.ndarray:
    """q(d) of images [N, K], nearly certain."""
    random = np.random.default_rng(seed)
    logits = 4 * np.eye(K)[random.choice(K, images, p=shares)] + random.normal(size=(images, K))
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


def test_p_values_are_those_of_all_permutations():
    first, second = probs(4, 0), probs(3, 1, (0.1, 0.2, 0.3, 0.4))
    pooled = np.concatenate([first, second])
    scaled = pooled / pooled.std(axis=0)

    def statistics(chosen: tuple[int, ...]) -> np.ndarray:
        return scaled[list(chosen)].mean(axis=0) - np.delete(scaled, list(chosen), axis=0).mean(axis=0)

    observed = statistics((0, 1, 2, 3))
    all_of_them = np.array([statistics(chosen) for chosen in combinations(range(7), 4)])
    exact = ((all_of_them**2).sum(axis=1) >= (observed**2).sum() - 1e-9).mean()
    largest = np.abs(all_of_them).max(axis=1)
    found = share_test(first, second, 20_000, np.random.default_rng(0))
    assert found.p_value == pytest.approx(exact, abs=0.015)
    np.testing.assert_allclose(
        found.p_values, [(largest >= abs(value) - 1e-9).mean() for value in observed], atol=0.015
    )
    np.testing.assert_allclose(found.difference, first.mean(axis=0) - second.mean(axis=0))


def test_the_permutations_are_the_same_however_many_are_in_memory_at_a_time(monkeypatch):
    first, second = probs(30, 0), probs(20, 1, (0.1, 0.2, 0.3, 0.4))
    whole = share_test(first, second, 99, np.random.default_rng(0))
    monkeypatch.setattr(share_comparison, "MOST_NUMBERS", 150)
    parts = share_test(first, second, 99, np.random.default_rng(0))
    assert parts.p_value == whole.p_value and parts.p_values.tolist() == whole.p_values.tolist()


def test_under_the_null_p_values_are_uniform_and_no_component_is_found_too_often():
    random = np.random.default_rng(0)
    found = [share_test(probs(23, 2 * i), probs(17, 2 * i + 1), 99, random) for i in range(400)]
    p_values = np.array([each.p_value for each in found])
    for level in (0.05, 0.25, 0.5, 0.9):
        assert (p_values <= level).mean() == pytest.approx(level, abs=4 * np.sqrt(level * (1 - level) / 400))
    assert np.mean([each.p_values.min() <= 0.05 for each in found]) < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 400)


def test_a_difference_is_found_in_the_components_that_have_it():
    found = share_test(probs(120, 0), probs(120, 1, (0.1, 0.3, 0.2, 0.4)), 999, np.random.default_rng(0))
    assert found.p_value == 0.001
    assert (found.p_values[[0, 3]] < 0.01).all()
    assert (found.p_values[[1, 2]] > 0.05).all()


def test_equal_images_and_constant_components_are_no_difference():
    same = np.tile([0.5, 0.5, 0, 0], (5, 1))
    found = share_test(same, same[:3], 99, np.random.default_rng(0))
    assert found.p_value == 1
    assert (found.p_values == 1).all()


def test_typical_images_are_those_of_the_components_that_only_one_group_has():
    first, second = probs(50, 0, (0.5, 0.5, 0, 0)), probs(50, 1, (0, 0.5, 0.5, 0))
    test = share_test(first, second, 9, np.random.default_rng(0))
    scores = typicality(np.eye(K), test, (50, 50))
    assert scores[0] > 1
    assert abs(scores[1]) < 0.5
    assert scores[2] < -1
    swapped = share_test(second, first, 9, np.random.default_rng(0))
    np.testing.assert_allclose(typicality(np.eye(K), swapped, (50, 50)), -scores)
