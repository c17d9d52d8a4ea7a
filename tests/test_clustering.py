"""Clustering scores: matched, many to one, and whatever the names of the clusters."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ugvae_tf.errors import UserError
from ugvae_tf.evaluation import clustering


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


assignments = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), min_size=2, max_size=40).map(np.array)


def test_the_matching_is_the_best_one():
    """Taking the largest cell first (5) would leave 0 for the others; the best matching takes 4 + 4."""
    labels = np.repeat([0, 0, 1], [5, 4, 4])
    clusters = np.repeat([0, 1, 0], [5, 4, 4])
    assert clustering.matched_accuracy(labels, clusters) == pytest.approx(8 / 13)
    assert clustering.many_to_one_accuracy(labels, clusters) == pytest.approx(9 / 13)


def test_equal_partitions_score_one_whatever_their_names():
    labels = np.array(["x", "y", "z", "x", "x", "y"])
    metrics = clustering.clustering_metrics(labels, np.array([7, -1, 3, 7, 7, -1]))
    assert metrics == pytest.approx({"matched_accuracy": 1, "many_to_one_accuracy": 1, "nmi": 1, "ari": 1})


def test_a_single_cluster_says_nothing():
    labels = np.repeat([0, 1, 2], [4, 5, 2])
    metrics = clustering.clustering_metrics(labels, np.zeros(11, int))
    assert metrics == pytest.approx({"matched_accuracy": 5 / 11, "many_to_one_accuracy": 5 / 11, "nmi": 0, "ari": 0})


def test_clusters_that_split_a_label_count_once_when_matched():
    labels, clusters = np.repeat([0, 1], [6, 6]), np.repeat([0, 1, 2, 3], 3)
    assert clustering.matched_accuracy(labels, clusters) == 0.5
    assert clustering.many_to_one_accuracy(labels, clusters) == 1.0


@settings(deadline=None, max_examples=50)
@given(assignments, st.permutations(range(6)))
def test_the_names_of_the_clusters_do_not_matter(pairs, names):
    labels, clusters = pairs.T
    renamed = np.array(names)[clusters]
    before, after = clustering.clustering_metrics(labels, clusters), clustering.clustering_metrics(labels, renamed)
    assert after == pytest.approx(before, abs=1e-12)


@settings(deadline=None, max_examples=50)
@given(assignments)
def test_many_to_one_is_never_below_matched(pairs):
    labels, clusters = pairs.T
    largest_label = np.bincount(labels).max() / len(labels)
    many_to_one = clustering.many_to_one_accuracy(labels, clusters)
    assert 1 >= many_to_one >= max(clustering.matched_accuracy(labels, clusters), largest_label)


def test_kmeans_finds_clusters_that_are_apart_and_repeats_itself():
    labels = np.repeat([0, 1, 2], [9, 14, 7])
    features = generator().normal(size=(30, 4)) + 9 * np.eye(4)[labels]
    clusters = clustering.kmeans_clusters(features, 3, seed=1)
    assert clustering.matched_accuracy(labels, clusters) == 1.0
    np.testing.assert_array_equal(clusters, clustering.kmeans_clusters(features, 3, seed=1))


def test_more_clusters_than_images_is_the_users_error():
    with pytest.raises(UserError, match="2 images cannot form 3 clusters"):
        clustering.kmeans_clusters(np.eye(2), 3, seed=0)


def test_the_intervals_hold_the_accuracies_and_narrow_with_more_images():
    random = generator()
    labels = random.integers(3, size=4000)
    clusters = np.where(random.random(4000) < 0.7, labels, random.integers(3, 6, size=4000))
    widths = []
    for count in (250, 4000):
        found = clustering.accuracy_intervals(labels[:count], clusters[:count], random)
        scores = clustering.clustering_metrics(labels[:count], clusters[:count])
        for name in ("matched_accuracy", "many_to_one_accuracy"):
            assert found[f"{name}_low"] < scores[name] < found[f"{name}_high"]
        widths.append(found["matched_accuracy_high"] - found["matched_accuracy_low"])
    assert widths[0] / widths[1] == pytest.approx(4, rel=0.3)
    assert widths[1] == pytest.approx(2 * 1.96 * np.sqrt(0.7 * 0.3 / 4000), rel=0.2)


def test_shuffled_clusters_agree_more_often_many_to_one_than_one_to_one():
    """The floor that many small clusters need: here .48 of the images many to one, and .1 one to one."""
    labels, random = np.arange(200) % 10, generator()
    scores = clustering.clustering_metrics(labels, random.permutation(np.arange(200) % 100))
    assert scores["many_to_one_accuracy"] > 0.45 and scores["matched_accuracy"] < 0.15


def test_the_interval_of_a_chance_agreement_holds_it_too():
    labels, random = np.arange(2000) % 10, generator()
    clusters = random.integers(40, size=2000)
    found, scores = (
        clustering.accuracy_intervals(labels, clusters, random),
        clustering.clustering_metrics(labels, clusters),
    )
    for name in ("matched_accuracy", "many_to_one_accuracy"):
        assert found[f"{name}_low"] < scores[name] < found[f"{name}_high"]
