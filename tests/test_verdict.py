"""The verdict above the accuracies of groups."""

import pytest

from ugvae_tf.tasks.category_verdict import verdict

METRICS = {
    "images_of_rarest_category": 1280.0,
    "disjoint_groups": 10.0,
    "beta_mean_linear_test_accuracy_mean": 0.99,
    "beta_mean_permutation_p": 0.01,
    "beta_mean_observed": 0.98,
    "beta_mean_shuffled_low": 0.3,
    "beta_mean_shuffled_high": 0.7,
    "mean_image_rbf_test_accuracy_with_random_mean": 0.9,
    "pca_rbf_test_accuracy_with_random_mean": 0.95,
    "random_features_rbf_test_accuracy_with_random_mean": 0.93,
    "over_floor_rbf_with_random": 0.02,
    "over_floor_rbf_with_random_low": 0.01,
    "over_floor_rbf_with_random_high": 0.03,
}


def test_a_verdict_on_enough_images_above_chance_and_floor():
    carried, chance, floor = verdict(METRICS, 128)
    assert carried == "Enough images: 1280 held-out images of the rarest category fill 10 disjoint groups of 128."
    assert chance.startswith("mean of q(beta), linear SVM on 25 groups a category: accuracy 0.98, with labels shuffled")
    assert chance.endswith("0.30 to 0.70 (p = 0.01); above chance.")
    assert "PCA-100 of the mean image" in floor and floor.endswith("more than the floor.")


def test_too_few_images_are_the_first_word():
    carried, _, _ = verdict(METRICS | {"images_of_rarest_category": 1279.0, "disjoint_groups": 9.0}, 128)
    assert carried.startswith("TOO FEW IMAGES: 1279 held-out images") and "fill 9 disjoint groups" in carried


@pytest.mark.parametrize(
    ("changes", "place", "told"),
    [
        ({"beta_mean_permutation_p": 0.06}, 1, "not shown to be above chance"),
        ({"over_floor_rbf_with_random_low": -0.01}, 2, "no difference shown"),
        ({"over_floor_rbf_with_random_low": -0.03, "over_floor_rbf_with_random_high": -0.01}, 2, "less than the floor"),
    ],
)
def test_what_is_not_shown_is_not_claimed(changes, place, told):
    assert told in verdict(METRICS | changes, 128)[place]
