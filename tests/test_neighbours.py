"""Distances of groups in blocks: equal to the formulas pair by pair, at odd sizes."""

import time

import numpy as np
import pytest

from ugvae_tf.codes import neighbours, symmetric_kl
from ugvae_tf.codes.plda import Plda
from ugvae_tf.errors import UserError
from ugvae_tf.serving.group_table import GroupTable

G, M = 11, 3


def table(groups: int = G, size: int = M) -> GroupTable:
    random = np.random.default_rng(0)
    mean, stddev = random.normal(size=(groups, size)), random.uniform(0.3, 2, size=(groups, size))
    return GroupTable(np.arange(groups), np.ones(groups, int), mean, stddev, np.ones([groups, 1]))


def brute_force(codes: GroupTable) -> np.ndarray:
    """[G, G], from the closed form of one dimension at a time."""

    def kl(i: int, j: int) -> float:
        ratio = (codes.beta_stddev[i] ** 2 + (codes.beta_mean[i] - codes.beta_mean[j]) ** 2) / codes.beta_stddev[j] ** 2
        return float((0.5 * (ratio - 1) + np.log(codes.beta_stddev[j] / codes.beta_stddev[i])).sum())

    return np.array([[kl(i, j) + kl(j, i) for j in range(len(codes))] for i in range(len(codes))])


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch):
    monkeypatch.setattr(neighbours, "NUMBERS", 4 * G)


def test_the_divergence_of_some_from_others_is_a_part_of_all_pairs():
    codes = table()
    all_pairs = brute_force(codes)
    np.testing.assert_allclose(symmetric_kl(codes.beta_mean, codes.beta_stddev), all_pairs, atol=1e-9)
    part = symmetric_kl(codes.beta_mean[2:5], codes.beta_stddev[2:5], codes.beta_mean[4:], codes.beta_stddev[4:])
    np.testing.assert_allclose(part, all_pairs[2:5, 4:], atol=1e-9)


def test_the_matrix_is_that_of_all_pairs_in_memory_or_on_disk(tmp_path):
    codes = table()
    np.testing.assert_allclose(neighbours.distance_matrix(codes), brute_force(codes), rtol=1e-5, atol=1e-6)
    into = np.lib.format.open_memmap(tmp_path / "d.npy", "w+", np.float32, (G, G))
    neighbours.distance_matrix(codes, into=into)
    np.testing.assert_allclose(np.load(tmp_path / "d.npy"), brute_force(codes), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("k", [1, 3, G - 1])
def test_the_nearest_are_those_of_a_sorted_row_without_the_group_itself(k):
    codes = table()
    distances = brute_force(codes) + np.diag([np.inf] * G)
    places, found = neighbours.nearest(codes, k)
    np.testing.assert_array_equal(places, distances.argsort(axis=1)[:, :k])
    np.testing.assert_allclose(found, np.sort(distances, axis=1)[:, :k], atol=1e-9)


def test_queries_are_compared_with_all_groups():
    codes = table()
    places, distances = neighbours.nearest(codes, 1, queries=codes.rows([7, 2]))
    assert places[:, 0].tolist() == [7, 2]
    np.testing.assert_allclose(distances, 0, atol=1e-9)
    places, _ = neighbours.nearest(codes, G, queries=codes.rows([7]))
    np.testing.assert_array_equal(places[0], brute_force(codes)[7].argsort())
    with pytest.raises(UserError, match="queries have M = 2"):
        neighbours.nearest(codes, 1, queries=table(size=2))


def test_a_learned_metric_gives_minus_its_score():
    codes, random = table(), np.random.default_rng(1)
    metric = Plda.fit(
        np.repeat(random.normal(size=(31, M)), 2, axis=0) + random.normal(size=(62, M)), np.arange(62) // 2
    )
    scores = metric.scores(codes.beta_mean, codes.beta_mean)
    np.testing.assert_allclose(neighbours.distance_matrix(codes, metric), -scores, rtol=1e-5, atol=1e-6)
    np.fill_diagonal(scores, -np.inf)
    np.testing.assert_array_equal(neighbours.nearest(codes, 2, metric)[0], np.argsort(-scores, axis=1)[:, :2])


def test_equal_codes_keep_their_order():
    codes = table().rows(np.zeros(G, int))
    assert neighbours.nearest(codes, 2)[0][0].tolist() == [1, 2]
    assert neighbours.nearest(codes, 2)[0][5].tolist() == [0, 1]


def test_too_many_neighbours_and_codes_without_beta_are_explained():
    with pytest.raises(UserError, match="k = 11 needs more groups"):
        neighbours.nearest(table(), G)
    with pytest.raises(UserError, match="have no beta"):
        neighbours.distance_matrix(table(size=0))


@pytest.mark.slow
def test_ten_thousand_groups_take_less_than_a_minute(monkeypatch):
    monkeypatch.undo()
    codes = table(10_000, 100)
    began = time.monotonic()
    places, _ = neighbours.nearest(codes, 5)
    assert time.monotonic() - began < 60
    assert places.shape == (10_000, 5)


@pytest.mark.parametrize("queries", [None, [7, 2, 5]])
def test_the_nearest_of_chosen_groups_are_those_rows_of_all(queries, monkeypatch):
    codes, chosen = table(), np.array([2, 0])
    of = None if queries is None else codes.rows(queries)
    everything = neighbours.nearest(codes, 3, queries=of)
    rows = []

    def counted(mean, *others):
        rows.append(len(mean))
        return symmetric_kl(mean, *others)

    monkeypatch.setattr(neighbours, "symmetric_kl", counted)
    for all_rows, some in zip(everything, neighbours.nearest(codes, 3, queries=of, chosen=chosen), strict=True):
        np.testing.assert_array_equal(some, all_rows[chosen])
    assert sum(rows) == 2
