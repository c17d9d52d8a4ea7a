"""Measures of codes: perfect codes score 1, codes that know nothing score what guessing scores."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ugvae_tf.errors import UserError
from ugvae_tf.evaluation import classification, clustering, composition, interpolation
from ugvae_tf.evaluation.image_judge import ImageJudge

NAMES = ("a", "b", "c")


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


# ---------------------------------------------------------------- classification


def group_codes(groups_per_class: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Codes [N, 5] of three classes; the class is their first dimensions, far apart, at very unequal scales."""
    labels = np.repeat(NAMES, groups_per_class)
    codes = generator(seed).normal(size=(len(labels), 5))
    codes[:, :3] += 12 * np.repeat(np.eye(3), groups_per_class, axis=0)
    return codes * [1, 1e-3, 1e3, 1, 1e4], labels


def test_codes_that_tell_the_classes_apart_score_one():
    metrics = classification.classification_metrics(*group_codes(21, 0), *group_codes(17, 1))
    assert metrics.pop("majority_baseline") == pytest.approx(1 / 3)
    assert metrics == {f"{k}_{s}_accuracy": 1.0 for k in ("linear", "rbf") for s in ("train", "test")}


def test_constant_codes_score_the_majority_baseline():
    train, test = np.repeat(NAMES, [9, 14, 8]), np.repeat(NAMES, [11, 7, 5])
    metrics = classification.classification_metrics(np.ones((31, 4)), train, np.ones((23, 4)), test)
    assert metrics["majority_baseline"] == pytest.approx(7 / 23)
    assert metrics["linear_test_accuracy"] == metrics["rbf_test_accuracy"] == metrics["majority_baseline"]


@pytest.mark.parametrize("kernel", classification.KERNELS)
def test_shuffled_labels_score_near_chance(kernel):
    (train, labels), (test, test_labels) = group_codes(51, 0), group_codes(101, 1)
    shuffled, test_shuffled = generator(2).permutation(labels), generator(3).permutation(test_labels)
    accuracy = classification.svm_accuracy(train, shuffled, test, test_shuffled, kernel)
    assert accuracy == pytest.approx(1 / 3, abs=0.11)  # 4 standard deviations of 303 guesses


def test_only_the_rbf_kernel_finds_a_ring():
    def ring(seed: int) -> tuple[np.ndarray, np.ndarray]:
        angle, outer = generator(seed).uniform(0, 2 * np.pi, 120), np.arange(120) % 2
        return np.stack([np.cos(angle), np.sin(angle)], axis=1) * (1 + 2 * outer[:, None]), outer

    assert classification.svm_accuracy(*ring(0), *ring(1), kernel="rbf") == 1.0
    assert classification.svm_accuracy(*ring(0), *ring(1), kernel="linear") < 0.8


def test_one_category_is_the_users_error():
    with pytest.raises(UserError, match="at least two categories"):
        classification.svm_accuracy(np.eye(3), np.zeros(3), np.eye(3), np.zeros(3))


# ---------------------------------------------------------------- composition


def histograms(groups: int, seed: int) -> np.ndarray:
    return generator(seed).dirichlet(np.ones(3), size=groups)


def r2(train_codes, train_histograms, test_codes, test_histograms) -> dict[str, float]:
    return composition.composition_r2(train_codes, train_histograms, test_codes, test_histograms, NAMES)


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

    scores = composition.composition_r2(noisy(train, 2)[:, :1], train[:, :1], noisy(test, 3)[:, :1], test[:, :1], "a")
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


# ---------------------------------------------------------------- clustering

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


# ---------------------------------------------------------------- traversal and interpolation


def test_a_path_goes_straight_from_end_to_end():
    path = interpolation.linear_path(np.array([1.0, -2.0]), np.array([4.0, 4.0]), 4)
    np.testing.assert_allclose(path, [[1, -2], [2, 0], [3, 2], [4, 4]])


def test_a_traversal_of_beta_goes_from_corner_to_corner_through_zero():
    betas = interpolation.traversal_betas(global_size=4, rows=5)
    np.testing.assert_allclose(betas, np.outer([-1, -0.5, 0, 0.5, 1], np.ones(4)))


def test_a_traversal_of_one_dimension_leaves_the_others_at_zero():
    betas = interpolation.traversal_betas(global_size=4, rows=3, dimension=2)
    np.testing.assert_array_equal(betas, [[0, 0, -1, 0], [0, 0, 0, 0], [0, 0, 1, 0]])


@pytest.mark.parametrize("dimension", [-1, 4])
def test_a_dimension_that_beta_lacks_is_the_users_error(dimension):
    with pytest.raises(UserError, match="from 0 to 3"):
        interpolation.traversal_betas(4, 3, dimension)


def test_a_traversal_of_z_goes_three_to_either_side_of_the_components_mean():
    mean = np.array([0.5, -1.0, 2.0])
    zs = interpolation.traversal_zs(mean, 7)
    np.testing.assert_allclose(zs, mean + np.arange(-3, 4)[:, None])


def test_a_carried_z_keeps_its_place_in_its_component():
    means, stddevs = np.array([[0.0, 1.0], [5.0, -1.0]]), np.array([[1.0, 2.0], [3.0, 0.5]])
    path = interpolation.carried_along(np.array([2.0, 5.0]), means, stddevs)
    np.testing.assert_allclose(path, [[2, 5], [5 + 3 * 2, -1 + 0.5 * 2]])


def test_a_judge_of_images_knows_dark_from_light():
    random = np.random.default_rng(0)
    truth = random.random(200) < 0.5
    images = 0.4 * random.random((200, 3, 5, 2)) + 0.6 * truth[:, None, None, None]
    judge = ImageJudge(images[:150], truth[:150])
    assert judge.accuracy(images[150:], truth[150:]) == 1
    probabilities = judge.probabilities(images.reshape(2, 100, 3, 5, 2))
    assert probabilities.shape == (2, 100) and ((probabilities > 0.5) == truth.reshape(2, 100)).all()


def test_flip_share_counts_pairs_that_go_from_below_low_to_above_high():
    paths = np.array([[0.0, 0.5, 1.0], [0.1, 0.5, 1.0], [0.0, 1.0, 0.9], [1.0, 0.5, 0.0], [0.05, 0.0, 0.95]])
    assert interpolation.flip_share(paths) == pytest.approx(2 / 5)
    assert interpolation.flip_share(paths, low=0.2, high=0.8) == pytest.approx(4 / 5)
    assert interpolation.flip_share(np.full((3, 5), 0.5)) == 0


def test_the_largest_step_tells_a_jump_from_an_even_change():
    even, jump, back = [0, 0.25, 0.5, 0.75, 1], [0, 0, 0, 1, 1], [0.5, 0.5, 0.5, 0.5, 0]
    assert interpolation.largest_step(np.array([even])) == pytest.approx(0.25)
    assert interpolation.largest_step(np.array([even, jump, back])) == pytest.approx((0.25 + 1 + 0.5) / 3)
