"""The spread over images: disjoint halves, resampled pools, and how often shuffled labels are taken for true ones."""

import numpy as np
import pytest

from ugvae_tf.errors import UserError
from ugvae_tf.evaluation import sampling, spread
from ugvae_tf.evaluation.bootstrap import share_with_interval
from ugvae_tf.serving.codes import ImageCodes, group_codes

LABELS = np.array(list("aabbbbbcccccc"))


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_halves_share_no_image_and_both_have_every_label():
    first, second = spread.halves(LABELS, generator(), LABELS)
    np.testing.assert_array_equal(np.sort(np.concatenate([first, second])), np.arange(13))
    counts = [[(LABELS[half] == value).sum() for value in "abc"] for half in (first, second)]
    assert counts == [[1, 3, 3], [1, 2, 3]]
    other, _ = spread.halves(LABELS, generator(1), LABELS)
    assert set(other) != set(first)


def test_the_only_image_of_a_label_is_in_one_half_unless_a_category_has_the_label():
    labels = np.array(list("aabbbd"))
    first, second = spread.halves(labels, generator(), np.array(["a", "b"]))
    np.testing.assert_array_equal(np.sort(np.concatenate([first, second])), np.arange(6))
    assert [(labels[half] == "d").sum() for half in (first, second)] == [1, 0]
    with pytest.raises(UserError, match="'d' has one held-out image"):
        spread.halves(labels, generator(), np.array(["a", "d"]))


def test_the_error_of_two_halves_is_that_of_their_mean():
    pairs = generator().normal(0.7, 0.1, size=(20_001, 2))
    assert spread.half_split_error(pairs) == pytest.approx(pairs.mean(axis=1).std(ddof=1), rel=0.03)


def test_resampled_images_keep_their_labels_and_each_is_drawn_as_often_as_any_other():
    random = generator()
    counts = np.zeros(13)
    for _ in range(2000):
        rows = spread.resampled(LABELS, random)
        assert sorted(LABELS[rows]) == sorted(LABELS)
        counts += np.bincount(rows, minlength=13)
    np.testing.assert_allclose(counts / 2000, 1, atol=0.1)
    assert len(set(spread.resampled(np.repeat("a", 1000), random))) == pytest.approx(632, abs=50)  # 1 - 1/e


def test_a_p_value_counts_the_measures_above_and_the_observed_one():
    assert spread.permutation_p(0.9, np.linspace(0, 0.8, 99), generator()) == 0.01
    assert spread.permutation_p(0.1, np.linspace(0.2, 1, 9), generator()) == 1
    ties = [spread.permutation_p(0.5, np.full(3, 0.5), generator(seed)) for seed in range(2000)]
    np.testing.assert_allclose(np.unique(ties), [0.25, 0.5, 0.75, 1])
    assert np.mean(ties) == pytest.approx(0.625, abs=0.02)


def test_shuffled_labels_are_the_same_labels_of_the_chosen_images():
    chosen = np.arange(2, 13)
    found = spread.shuffled_labels(LABELS, chosen, generator())
    assert list(found[:2]) == ["a", "a"] and sorted(found) == sorted(LABELS) and list(found) != list(LABELS)
    assert list(LABELS) == list("aabbbbbcccccc")


def test_none_among_fifty_is_an_interval_up_to_seven_per_cent():
    found = share_with_interval("flips", np.zeros(50, bool))
    assert found == pytest.approx({"flips": 0, "flips_low": 0, "flips_high": 1 - 0.025 ** (1 / 50)})
    half = share_with_interval("flips", np.arange(50) % 2 == 0)
    assert half["flips_low"] == pytest.approx(1 - half["flips_high"]) and 0.3 < half["flips_low"] < 0.4


def experts(count: int, seed: int) -> ImageCodes:
    """Experts of images with precisions from 1 to 3, as of a model with a beta of three dimensions."""
    random = generator(seed)
    precision = random.uniform(1, 3, size=(count, 3))
    mean = random.normal(size=(count, 3))
    return ImageCodes(precision, precision * mean, mean, np.ones((count, 1)), np.zeros(3), np.zeros(3))


def accuracy(sides: list[tuple[ImageCodes, np.ndarray]], random: np.random.Generator) -> float:
    """Test accuracy for two labels by the nearer mean, of groups of 7 of the few images of each side."""
    found = []
    for codes, labels in sides:
        members = [sampling.members_among(labels, [value], 10, 7, random) for value in (0, 1)]
        found.append([group_codes(codes, groups).beta_mean for groups in members])
    means, tested = np.mean(found[0], axis=1), np.array(found[1])  # [label, M], [label, group, M]
    nearer = np.linalg.norm(tested[:, :, None] - means, axis=-1).argmin(axis=-1)
    return float(np.mean(nearer == [[0], [1]]))


def p_of_shuffles(sides: list[tuple[ImageCodes, np.ndarray]], random: np.random.Generator, shuffles: int = 19) -> float:
    def shuffled() -> list[tuple[ImageCodes, np.ndarray]]:
        return [(codes, spread.shuffled_labels(labels, np.arange(len(labels)), random)) for codes, labels in sides]

    observed = accuracy(sides, random)
    return spread.permutation_p(observed, np.array([accuracy(shuffled(), random) for _ in range(shuffles)]), random)


@pytest.mark.slow
def test_labels_that_say_nothing_are_rejected_as_often_as_the_level_says():
    """Groups share images, so accuracies far from one half are frequent: a binomial test would reject most of them."""
    random, rejected, apart = generator(5), 0, 0
    for repetition in range(200):
        sides = [(experts(26, 2 * repetition + side), random.permutation(np.repeat([0, 1], 13))) for side in (0, 1)]
        rejected += p_of_shuffles(sides, random) <= 0.05
        apart += abs(accuracy(sides, random) - 0.5) > 2 * np.sqrt(0.25 / 20)
    assert 0.03 <= rejected / 200 <= 0.07
    assert apart / 200 > 0.2  # what counting the 20 test groups as independent would reject


def test_labels_that_the_experts_tell_apart_have_the_smallest_p():
    labels = np.repeat([0, 1], 13)
    sides = []
    for seed in (0, 1):
        codes = experts(26, seed)
        codes.precision_mean[labels == 1] += 4
        sides.append((codes, labels))
    assert p_of_shuffles(sides, generator()) == 0.05
