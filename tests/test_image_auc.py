"""The area under the ROC curve of single images: against counting pairs, at chance, and where labels are apart."""

import itertools

import numpy as np
import pytest

from ugvae_tf.evaluation import image_auc


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_the_area_is_the_share_of_pairs_in_order():
    random = generator()
    labels, scores = random.integers(3, size=31), np.round(random.normal(size=(31, 3)), 1)  # with ties
    areas = []
    for value in range(3):
        pairs = itertools.product(scores[labels == value, value], scores[labels != value, value])
        areas.append(np.mean([0.5 if a == b else float(a > b) for a, b in pairs]))
    assert image_auc.mean_auc(scores, labels, np.arange(3)) == pytest.approx(np.mean(areas))


def test_a_value_that_no_image_has_does_not_count():
    scores = np.array([[0.1, 0.9, 0.0], [0.8, 0.2, 0.0]])
    assert image_auc.mean_auc(scores, np.array(["b", "a"]), np.array(["a", "b", "c"])) == 1


@pytest.mark.parametrize("values", [2, 3])
def test_labels_that_are_apart_have_an_area_of_one_and_noise_has_one_half(values):
    random = generator()
    labels = [random.integers(values, size=count) for count in (300, 401)]
    noise = [random.normal(size=(len(each), 5)) for each in labels]
    apart = [each + 20 * np.eye(5)[label] for each, label in zip(noise, labels, strict=True)]
    area, low, high = image_auc.label_auc(apart[0], labels[0], apart[1], labels[1], random)
    assert low == pytest.approx(1, abs=1e-3) and low <= area <= high
    area, low, high = image_auc.label_auc(noise[0], labels[0], noise[1], labels[1], random)
    assert low < 0.5 < high and low < area < high and high - low < 0.15


def test_few_of_many_labels_do_not_move_chance():
    random = generator()
    labels = [(random.random(count) < 0.1).astype(int) for count in (900, 901)]
    noise = [random.normal(size=(len(each), 40)) for each in labels]
    area, _, _ = image_auc.label_auc(noise[0], labels[0], noise[1], labels[1], random)
    assert abs(area - 0.5) < 0.1  # three standard deviations of 90 images among 900
