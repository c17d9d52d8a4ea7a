"""Membership by components, against computations image by image and in populations that are known."""

import math

import numpy as np
import pytest

from ugvae_tf.evaluation import component_membership as membership

KINDS = np.array([[0.4, 0.4, 0.1, 0.05, 0.05, 0.0], [0.0, 0.05, 0.05, 0.1, 0.4, 0.4]])


def one_hot(components: np.ndarray, count: int = 6) -> np.ndarray:
    return np.eye(count)[components]


def groups_of(shares: np.ndarray, size: int, random: np.random.Generator) -> list[np.ndarray]:
    return [one_hot(random.choice(6, size, p=each)) for each in shares]


def test_without_other_groups_it_is_the_share_in_the_rest_smoothed_by_one_image():
    probs = np.random.default_rng(0).dirichlet(np.ones(4), size=6)
    assert membership.best_concentration([]) == membership.best_concentration([probs]) == 1
    for place, score in enumerate(membership.scores(probs, np.empty([0, 4]), 1.0)):
        rest = (np.delete(probs, place, axis=0).sum(axis=0) + 0.25) / 6
        assert rest.sum() == pytest.approx(1)
        assert score == pytest.approx(np.log(probs[place] @ rest) - np.log(0.25))


def test_groups_weigh_by_the_probability_of_the_rest_under_their_shares():
    random, concentration = np.random.default_rng(0), 7.0
    own, *others = groups_of(KINDS[[0, 0, 1, 1]], 5, random)
    counts = np.stack([group.sum(axis=0) for group in others])
    average = (sum(row / row.sum() for row in counts) + np.ones(6) / 6) / 4
    shares = [average, *((row + 3 * average) / (5 + 3) for row in counts)]
    for place, score in enumerate(membership.scores(own, counts, concentration)):
        rest = np.delete(own, place, axis=0).argmax(axis=1)
        weights = [math.prod(share[d] for d in rest) for share in shares]
        mixture = sum(weight * share for weight, share in zip(weights, shares, strict=True)) / sum(weights)
        component = own[place].argmax()
        expected = (concentration * mixture[component] + (rest == component).sum()) / (concentration + 4)
        assert score == pytest.approx(np.log(expected / average[component]))


def test_groups_of_few_kinds_predict_each_other_and_groups_of_their_own_do_not():
    random = np.random.default_rng(0)
    alike = groups_of(KINDS[np.arange(20) % 2], 30, random)
    own = groups_of(random.dirichlet(np.full(6, 0.2), 20), 30, random)
    assert membership.best_concentration(alike) >= 100
    assert membership.best_concentration(own) <= 10


def test_other_groups_of_the_kind_help_to_find_a_foreign_image():
    """AUC in groups of 8 of two kinds that share components, between that of the rest alone and the best possible."""
    random = np.random.default_rng(0)
    others = groups_of(KINDS[np.arange(20) % 2], 8, random)
    counts, concentration = np.stack([group.sum(axis=0) for group in others]), membership.best_concentration(others)
    found: dict[str, list[float]] = {"groups": [], "alone": [], "best": []}
    for trial in range(200):
        kind = KINDS[trial % 2]
        places = np.append(random.choice(6, 8, p=kind), random.choice(6, p=KINDS[1 - trial % 2]))
        probs = one_hot(places)
        known = np.log(kind[places] + 1e-9) - np.log(KINDS.mean(axis=0)[places])
        of = {"groups": membership.scores(probs, counts, concentration), "best": known}
        of["alone"] = membership.scores(probs, np.empty([0, 6]), 1.0)
        for name, scores in of.items():
            found[name].append(float(np.mean((scores[8] < scores[:8]) + (scores[8] == scores[:8]) / 2)))
    auc = {name: np.mean(values) for name, values in found.items()}
    assert auc["alone"] + 0.03 < auc["groups"] <= auc["best"] + 0.01
