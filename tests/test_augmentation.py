"""Augmentation: one slant and stretch for a whole group, beside scipy; a function of seed and step."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.ndimage import map_coordinates

from ugvae_tf.config import Config, DataConfig, ModelConfig, TrainingConfig
from ugvae_tf.config.validation import validate
from ugvae_tf.datasets.grouping import Grouping
from ugvae_tf.datasets.image_set import ImageSet
from ugvae_tf.errors import UserError
from ugvae_tf.training.augmentation import HEIGHT, SLANT, WIDTH, augmented, changes, warped

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.random((3, 2, 7, 5, 3)).astype(np.float32)  # [G, B, H, W, C]


def by_scipy(image, slant, width, height):
    """The same change of one image [H, W, C] by scipy's interpolation."""
    size_y, size_x, channels = image.shape
    middle_y, middle_x = (size_y - 1) / 2, (size_x - 1) / 2
    y, x = np.mgrid[:size_y, :size_x].astype(float)
    y, x = y - middle_y, x - middle_x
    places = [y * np.exp(-height) + middle_y, x * np.exp(-width) + slant * y + middle_x]
    planes = [map_coordinates(image[..., channel], places, order=1, mode="nearest") for channel in range(channels)]
    return np.stack(planes, axis=-1)


def test_the_change_is_that_of_scipy():
    change = np.array([[0.15, 0.1, -0.06], [-0.4, 0, 0.3], [0, -0.5, 0]], np.float32)
    expected = [[by_scipy(image, *row) for image in group] for group, row in zip(IMAGES, change, strict=True)]
    np.testing.assert_allclose(warped(IMAGES, change), expected, atol=1e-5)


def test_a_change_of_zero_is_the_identity():
    np.testing.assert_allclose(warped(IMAGES, np.zeros((3, 3), np.float32)), IMAGES, atol=1e-6)


def test_a_share_of_the_groups_is_changed_uniformly_within_the_limits():
    drawn = changes(5000, 0.3, tf.constant([5, 0], tf.int64)).numpy()
    is_changed = (drawn != 0).any(axis=1)
    assert abs(is_changed.mean() - 0.3) < 5 * np.sqrt(0.3 * 0.7 / len(drawn))
    scaled = drawn[is_changed] / [SLANT, WIDTH, HEIGHT]
    assert (abs(scaled) <= 1).all()
    assert (abs(scaled.mean(axis=0)) < 5 * np.sqrt(1 / 3 / len(scaled))).all()
    np.testing.assert_allclose(scaled.var(axis=0), 1 / 3, atol=0.05)


def steps(share, first_step=0, seed=3):
    """Steps of two groups of equal images: what differs within a step is the change of the group."""
    images = ImageSet(np.tile((IMAGES[:1, 0] * 255).astype(np.uint8), (12, 1, 1, 1)))
    groups = images.training_steps(Grouping(3, 2, seed, first_step=first_step, last_step=10))
    return np.stack([step for step, _ in augmented(groups, share, seed, first_step)])


def test_all_images_of_a_group_have_the_same_change_and_groups_differ():
    found = steps(1.0)  # [steps, G, B, H, W, C]
    np.testing.assert_array_equal(found, np.repeat(found[:, :, :1], 3, axis=2))
    different = {group[0].tobytes() for step in found for group in step}
    assert len(different) == 20


def test_a_resumed_run_has_the_changes_of_an_uninterrupted_one():
    np.testing.assert_array_equal(steps(0.5)[4:], steps(0.5, first_step=4))
    assert (steps(0.5) != steps(0.5, seed=4)).any()


def test_without_augmentation_the_steps_are_the_same_object():
    groups = tf.data.Dataset.range(3)
    assert augmented(groups, 0.0, 0, 0) is groups


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_outside_0_to_1_is_refused(share):
    with pytest.raises(UserError, match=r"`augmentation` is a share of the groups"):
        validate(Config(training=TrainingConfig(augmentation=share)))


def test_black_and_white_images_are_not_augmented():
    config = Config(
        data=DataConfig(binarise=True),
        model=ModelConfig(likelihood="bernoulli"),
        training=TrainingConfig(augmentation=0.5),
    )
    with pytest.raises(UserError, match=r"`augmentation` makes pixels grey"):
        validate(config)
