"""Paths of beta and z, and the classifier of what is seen on the way."""

import numpy as np
import pytest

from ugvae_tf.errors import UserError
from ugvae_tf.evaluation import interpolation
from ugvae_tf.evaluation.domain_classifier import DomainClassifier, balanced_examples


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
    classifier = DomainClassifier(images[:150], truth[:150])
    assert classifier.accuracy(images[150:], truth[150:]) == 1
    probabilities = classifier.probabilities(images.reshape(2, 100, 3, 5, 2))
    assert probabilities.shape == (2, 100) and ((probabilities > 0.5) == truth.reshape(2, 100)).all()


def test_paths_flip_that_go_from_below_low_to_above_high():
    paths = np.array([[0.0, 0.5, 1.0], [0.1, 0.5, 1.0], [0.0, 1.0, 0.9], [1.0, 0.5, 0.0], [0.05, 0.0, 0.95]])
    assert list(interpolation.flips(paths)) == [True, False, False, False, True]
    assert interpolation.flips(paths, low=0.2, high=0.8).mean() == pytest.approx(4 / 5)
    np.testing.assert_allclose(interpolation.changes(paths), [1, 0.9, 0.9, -1, 0.9])


def test_the_largest_step_tells_a_jump_from_an_even_change():
    paths = np.array([[0, 0.25, 0.5, 0.75, 1], [0, 0, 0, 1, 1], [0.5, 0.5, 0.5, 0.5, 0]])
    np.testing.assert_allclose(interpolation.largest_steps(paths), [0.25, 1, 0.5])


def test_many_pairs_are_carried_as_each_alone():
    random = np.random.default_rng(0)
    z, means, stddevs = random.normal(size=(3, 2)), random.normal(size=(5, 3, 2)), random.uniform(1, 2, (5, 3, 2))
    paths = interpolation.carried_along(z, means, stddevs)
    for pair in range(3):
        alone = interpolation.carried_along(z[pair], means[:, pair], stddevs[:, pair])
        np.testing.assert_allclose(paths[:, pair], alone)


def test_the_classifier_sees_both_domains_in_equal_numbers_whatever_their_order_and_sizes():
    """30 images of the first domain, before 7 of the second: the first 20 were all of the first domain."""
    first = np.arange(37) < 30
    chosen, truth = balanced_examples(first, ~first, 20, np.random.default_rng(0))
    assert len(chosen) == len(set(chosen)) == 14 and truth.sum() == 7
    np.testing.assert_array_equal(truth, ~first[chosen])
    assert 0 < truth[:7].sum() < 7  # in random order
    assert len(balanced_examples(first, ~first, 6, np.random.default_rng(0))[0]) == 6


def test_images_of_both_categories_are_not_examples():
    first, second = np.array([1, 1, 0, 0], bool), np.array([0, 1, 1, 0], bool)
    chosen, truth = balanced_examples(first, second, 9, np.random.default_rng(0))
    assert dict(zip(chosen, truth, strict=True)) == {0: False, 2: True}
    with pytest.raises(UserError, match="no image of its own"):
        balanced_examples(first, first, 9, np.random.default_rng(0))
