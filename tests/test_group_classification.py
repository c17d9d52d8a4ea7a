"""Classification of groups: what is told apart scores one, what says nothing scores chance."""

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from ugvae_tf.errors import UserError
from ugvae_tf.evaluation import classification

NAMES = ("a", "b", "c")


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def group_codes(groups_per_class: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Codes [N, 5] of three classes; the class is their first dimensions, far apart, at very unequal scales."""
    labels = np.repeat(NAMES, groups_per_class)
    codes = generator(seed).normal(size=(len(labels), 5))
    codes[:, :3] += 12 * np.repeat(np.eye(3), groups_per_class, axis=0)
    return codes * [1, 1e-3, 1e3, 1, 1e4], labels


def test_codes_that_tell_the_classes_apart_score_one():
    for kernel in classification.KERNELS:
        svm = classification.fitted_svm(*group_codes(21, 0), kernel)
        assert svm.score(*group_codes(21, 0)) == svm.score(*group_codes(17, 1)) == 1


@pytest.mark.parametrize("kernel", classification.KERNELS)
def test_constant_codes_score_the_majority_baseline(kernel):
    train, test = np.repeat(NAMES, [9, 14, 8]), np.repeat(NAMES, [11, 7, 5])
    accuracy = classification.svm_accuracy(np.ones((31, 4)), train, np.ones((23, 4)), test, kernel)
    assert accuracy == pytest.approx(7 / 23)


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


@pytest.mark.parametrize("kernel", classification.KERNELS)
@pytest.mark.parametrize("features", [4, 90])
def test_kernels_as_matrix_products_are_scikit_learns(kernel, features):
    random = generator()
    labels = random.integers(3, size=61)
    train = random.normal(size=(61, features)) + labels[:, None]
    train[:, 1] = 5  # a constant
    test = random.normal(size=(33, features)) * 2
    theirs = make_pipeline(StandardScaler(), SVC(kernel=kernel)).fit(train, labels)
    ours = classification.fitted_svm(train, labels, kernel)
    np.testing.assert_array_equal(ours.predict(test), theirs.predict(test))
