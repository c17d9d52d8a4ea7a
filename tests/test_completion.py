"""Completion: floors that get the contents, against plain loops; which component draws a content."""

import numpy as np
import pytest

from ugvae_tf.evaluation import completion

GROUPS, V, SHAPE = 5, 3, (2, 3, 1)


def images(count: int = 31, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images, their groups and contents; group 0 lacks content 2."""
    random = np.random.default_rng(seed)
    groups, contents = random.integers(GROUPS, size=count), random.integers(V, size=count)
    contents[(groups == 0) & (contents == 2)] = 1
    return random.integers(256, size=(count, *SHAPE), dtype=np.uint8), groups, contents


def table() -> completion.TrainingGroups:
    return completion.TrainingGroups.of(*images())


def test_a_content_is_drawn_by_the_component_that_most_of_its_images_fall_in():
    components, contents = np.array([7, 7, 4, 4, 4, 9, 7]), np.array([0, 0, 0, 1, 1, 2, 2])
    np.testing.assert_array_equal(completion.component_of_each(components, contents, 3), [7, 4, 7])


def test_the_table_holds_the_mean_image_of_each_content_in_each_group():
    pixels, groups, contents = images()
    pixels = pixels.reshape(len(pixels), -1) / 255
    found = table()
    for content in range(V):
        np.testing.assert_allclose(found.of_content[content], pixels[contents == content].mean(axis=0), rtol=1e-5)
        for group in range(GROUPS):
            of_both = pixels[(groups == group) & (contents == content)]
            expected = of_both.mean(axis=0) if len(of_both) else found.of_content[content]
            np.testing.assert_allclose(found.of_group[group, content], expected, rtol=1e-5)
    np.testing.assert_array_equal(found.of_group[0, 2], found.of_content[2])


def test_distances_are_squared_errors_per_pixel():
    pixels, _, contents = images(7, seed=1)
    pixels = pixels.reshape(7, -1) / np.float32(255)
    found = table().distances(pixels, contents)
    assert found.shape == (7, GROUPS)
    for image, content, row in zip(pixels, contents, found, strict=True):
        np.testing.assert_allclose(row, ((table().of_group[:, content] - image) ** 2).mean(axis=1), atol=1e-6)


def test_a_training_group_is_its_own_nearest_and_is_drawn_without_error():
    found, wanted = table(), np.array([2, 0, 1])
    for group in range(GROUPS):
        given = found.distances(found.of_group[group, :2], np.array([0, 1]))
        drawn = found.mean_of_nearest(given, wanted, 1)
        assert completion.squared_error(drawn, found.of_group[group, wanted]) == 0


def test_all_groups_as_nearest_give_their_average():
    found = table()
    given = found.distances(found.of_group[3, :1], np.array([0]))
    drawn = found.mean_of_nearest(given, np.array([1, 1]), 99)
    np.testing.assert_allclose(drawn, np.tile(found.of_group[:, 1].mean(axis=0), (2, 1)), rtol=1e-5)


def test_the_error_is_a_mean_over_pixels_and_images():
    assert completion.squared_error(np.zeros((2, 3)), np.array([[0, 0, 0], [0, 3, 0.0]])) == pytest.approx(9 / 6)
