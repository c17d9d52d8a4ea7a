"""Floor features of groups: against plain averages, whatever the sizes of the groups."""

import numpy as np

from ugvae_tf.evaluation import floors

MEMBERS = np.array([[0, 3, 5], [1, 2, -1], [7, -1, -1], [4, 6, 8], [2, 9, 10]])


def images() -> np.ndarray:
    return np.random.default_rng(0).integers(256, size=(11, 7, 5, 2), dtype=np.uint8)


def fitted() -> floors.Floors:
    return floors.Floors.fit(images(), np.random.default_rng(1))


def test_every_feature_is_an_average_over_the_group():
    found = fitted().features(images(), MEMBERS)
    assert set(found) == set(floors.FLOORS)
    pixels = images().reshape(11, -1) / 255
    np.testing.assert_allclose(found["mean_image"][1], pixels[[1, 2]].mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(found["mean_image"][2], pixels[7], rtol=1e-5)
    relu = np.maximum(pixels @ fitted().weights, 0)
    assert relu.shape == (11, 512)
    np.testing.assert_allclose(found["random_features"][3], relu[[4, 6, 8]].mean(axis=0), rtol=1e-4)


def test_the_pca_keeps_the_distances_between_groups_of_training_images():
    found = fitted().features(images(), MEMBERS)
    assert found["pca"].shape == (5, 11)  # no more components than images
    for a, b in ((0, 1), (2, 4)):
        distance = np.linalg.norm(found["mean_image"][a] - found["mean_image"][b])
        np.testing.assert_allclose(np.linalg.norm(found["pca"][a] - found["pca"][b]), distance, rtol=1e-4)


def test_the_order_of_the_images_does_not_matter_and_the_features_are_always_the_same():
    first = fitted().features(images(), MEMBERS)
    second = fitted().features(images(), MEMBERS[:, ::-1])
    for name, values in first.items():
        np.testing.assert_allclose(second[name], values, atol=1e-5, err_msg=name)


def test_more_images_than_one_chunk_are_taken(monkeypatch):
    expected = fitted().features(images(), MEMBERS)["random_features"]
    monkeypatch.setattr(floors, "CHUNK", 3)
    np.testing.assert_allclose(fitted().features(images(), MEMBERS)["random_features"], expected, atol=1e-5)


def test_many_draws_of_groups_have_the_features_of_one():
    of_images, expected = fitted().on(images()), fitted().features(images(), MEMBERS)
    for rows in ([0, 1, 2], [3, 4]):
        for name, values in of_images.features(MEMBERS[rows]).items():
            np.testing.assert_allclose(values, expected[name][rows], atol=1e-5, err_msg=name)
