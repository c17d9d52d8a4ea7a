"""Retrieval: its laws, and PLDA's score against the densities of two Gaussians with full covariances."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from ugvae_tf.codes.plda import Plda
from ugvae_tf.evaluation import retrieval

GROUPS, F = 7, 3


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def two_covariances(groups: int, codes: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Codes [groups * codes, F], their groups, and the true W and B, neither of them diagonal."""
    random = generator(seed)
    noise, style = random.normal(size=(F, F)), 2 * random.normal(size=(F, F))
    codes_of = 5 + (random.normal(size=(groups, 1, F)) @ style + random.normal(size=(groups, codes, F)) @ noise)
    return codes_of.reshape(-1, F), np.repeat(np.arange(groups), codes), noise.T @ noise, style.T @ style


def test_codes_that_are_the_same_for_all_images_of_a_group_find_it_always():
    codes = generator().normal(size=(GROUPS, F))
    plda = Plda.fit(*two_covariances(101, 2)[:2])
    for scores in (retrieval.raw_scores(codes, codes), plda.scores(9 * codes, 9 * codes)):
        assert retrieval.retrieval_metrics(scores) == pytest.approx(
            {"recall_at_1": 1, "recall_at_5": 1, "mean_reciprocal_rank": 1}
        )


def test_codes_that_tell_nothing_find_a_group_as_often_as_chance_does():
    harmonic = sum(1 / rank for rank in range(1, GROUPS + 1))
    chance = {"recall_at_1": 1 / GROUPS, "recall_at_5": 5 / GROUPS, "mean_reciprocal_rank": harmonic / GROUPS}
    constant = np.ones((GROUPS, F))
    assert retrieval.retrieval_metrics(retrieval.raw_scores(constant, constant)) == pytest.approx(chance)
    many = [
        retrieval.retrieval_metrics(retrieval.raw_scores(*generator(seed).normal(size=(2, GROUPS, F))))
        for seed in range(2000)
    ]
    for name, value in chance.items():
        assert np.mean([found[name] for found in many]) == pytest.approx(value, abs=0.02)


def test_the_rank_is_that_of_a_sorted_list():
    scores = generator().normal(size=(31, 31))
    ranks = [1 + sorted(row, reverse=True).index(row[place]) for place, row in enumerate(scores)]
    found = retrieval.retrieval_metrics(scores)
    assert found["recall_at_1"] == pytest.approx(np.mean([rank <= 1 for rank in ranks]))
    assert found["recall_at_5"] == pytest.approx(np.mean([rank <= 5 for rank in ranks]))
    assert found["mean_reciprocal_rank"] == pytest.approx(np.mean([1 / rank for rank in ranks]))


def test_raw_scores_are_distances_of_scaled_codes():
    queries, references = generator().normal(size=(2, GROUPS, F))
    scale = references.std(axis=0)
    expected = -(((queries[:, None] - references) / scale) ** 2).sum(axis=-1)
    np.testing.assert_allclose(retrieval.raw_scores(queries, references), expected, atol=1e-12)


def test_the_score_of_plda_is_the_log_likelihood_ratio_of_two_gaussians():
    codes, groups, _, _ = two_covariances(53, 5)
    plda = Plda.fit(codes, groups)
    noise = codes - np.stack([codes[groups == group].mean(axis=0) for group in groups])
    within = noise.T @ noise / (len(codes) - 53)
    total = np.cov(codes.T, bias=True)
    mean, between = codes.mean(axis=0), total - within
    together = multivariate_normal(np.tile(mean, 2), np.block([[total, between], [between, total]]))
    alone = multivariate_normal(mean, total)
    queries, references = codes[::37], codes[3::41]
    for a, row in zip(queries, plda.scores(queries, references), strict=True):
        for b, score in zip(references, row, strict=True):
            assert score == pytest.approx(together.logpdf(np.r_[a, b]) - alone.logpdf(a) - alone.logpdf(b))


def test_with_many_groups_plda_finds_the_true_covariances():
    codes, groups, within, between = two_covariances(20_001, 3)
    plda = Plda.fit(codes, groups)
    np.testing.assert_allclose(plda.directions.T @ within @ plda.directions, np.eye(F), atol=0.05)
    along = plda.directions.T @ between @ plda.directions
    np.testing.assert_allclose(along / plda.between.max(), np.diag(plda.between) / plda.between.max(), atol=0.05)


def test_an_invertible_linear_map_of_the_codes_changes_no_score():
    codes, groups, _, _ = two_covariances(53, 5)
    mapping = generator(1).normal(size=(F, F)) * [1e-2, 1, 1e2]
    expected = Plda.fit(codes, groups).scores(codes[:7], codes[7:12])
    mapped = codes @ mapping - 3
    np.testing.assert_allclose(Plda.fit(mapped, groups).scores(mapped[:7], mapped[7:12]), expected)


def test_plda_ignores_a_direction_in_which_no_group_differs_from_another():
    codes, groups, _, _ = two_covariances(211, 5)
    loud = np.c_[codes, 100 * generator(1).normal(size=len(codes))]
    plda = Plda.fit(loud, groups)
    first, second = loud[::5], loud[1::5]
    by_plda = retrieval.retrieval_metrics(plda.scores(first, second))["recall_at_1"]
    by_distance = retrieval.retrieval_metrics(retrieval.raw_scores(first, second))["recall_at_1"]
    assert by_plda > 1.3 * by_distance


def test_more_dimensions_than_codes_and_constant_ones_leave_finite_scores():
    codes = np.c_[generator().normal(size=(14, 20)), np.ones(14)]
    scores = Plda.fit(codes, np.arange(14) // 2).scores(codes, codes)
    assert np.isfinite(scores).all()
