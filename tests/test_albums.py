"""Digits in albums: every image in one album, sizes and proportions as they are meant, the same ones every time."""

import functools
import hashlib

import numpy as np
import pytest

from ugvae_tf.config import DataConfig
from ugvae_tf.datasets import albums
from ugvae_tf.datasets.loading import load_split

SHA256 = "16af1f696e9205a3437d606e262b229e002bdc25a3f39cb7bd594e1093550ace"


@functools.cache
def images(split: str):
    return load_split(DataConfig("mnist-albums"), split)


def counts_of(labels: np.ndarray, album: np.ndarray) -> np.ndarray:
    """How many images of each label each album has [albums, labels]."""
    found = np.zeros((album.max() + 1, labels.max() + 1), int)
    np.add.at(found, (album, labels), 1)
    return found


@pytest.mark.parametrize(("split", "number"), [pytest.param("train", 525, marks=pytest.mark.slow), ("held-out", 91)])
def test_albums_are_a_partition_into_20_to_200_images(split, number):
    names, sizes = np.unique(images(split).labels["album"], return_counts=True)
    assert len(names) == number and sizes.sum() == len(images(split))
    assert sizes.min() >= 20 and sizes.max() <= 200 and all(name.startswith(f"{split}-") for name in names)
    uniform = (180**2 + 2 * 180) / 12  # the variance of uniform sizes
    assert abs(sizes.mean() - 110) < 5 * np.sqrt(uniform / number)
    assert sizes.var() == pytest.approx(uniform, rel=0.25)


@pytest.mark.slow
def test_images_and_digits_are_those_of_mnist():
    mnist = load_split(DataConfig(), "held-out")
    np.testing.assert_array_equal(images("held-out").images, mnist.images)
    np.testing.assert_array_equal(images("held-out").labels["label"], mnist.labels["label"])


@pytest.mark.parametrize(
    ("split", "tolerance"), [pytest.param("train", 0.1, marks=pytest.mark.slow), ("held-out", 0.25)]
)
def test_proportions_vary_as_those_of_the_dirichlet_multinomial(split, tolerance):
    """Var(n_d / n) = mu (1 - mu) (n + a) / (n (1 + a)) with a = 10 * 0.5; mu is a digit's share of all images."""
    labels = images(split).labels
    counts = counts_of(labels["label"], np.unique(labels["album"], return_inverse=True)[1])
    sizes, share = counts.sum(axis=1, keepdims=True), counts.sum(axis=0) / counts.sum()
    expected = (share * (1 - share) * (sizes + 5) / (sizes * 6)).mean(axis=0)
    ratio = ((counts / sizes - share) ** 2).mean(axis=0) / expected
    assert ratio.mean() == pytest.approx(1, abs=tolerance) and ratio.min() > 0.7 and ratio.max() < 1.5


@pytest.mark.slow
def test_the_last_albums_are_like_the_others():
    """Digits run out in the last albums; without balanced proportions these would hold what nobody else drew."""
    labels = images("train").labels
    counts = counts_of(labels["label"], np.unique(labels["album"], return_inverse=True)[1])
    largest = (counts / counts.sum(axis=1, keepdims=True)).max(axis=1)
    assert abs(largest[-25:].mean() - largest.mean()) < 0.1


def test_albums_are_the_same_on_every_machine_and_others_for_another_seed():
    labels = np.arange(997) % 10
    found = albums.albums(labels, 0)
    assert hashlib.sha256(found.astype("<i8").tobytes()).hexdigest() == SHA256
    np.testing.assert_array_equal(found, albums.albums(labels, 0))
    assert (found != albums.albums(labels, 1)).mean() > 0.5


def test_balanced_proportions_use_up_the_supply():
    random = np.random.default_rng(0)
    sizes, supply = np.array([7, 20, 53]), np.array([11, 30, 2, 37])
    found = albums.balanced(random.dirichlet(np.full(4, 0.5), 3), sizes, supply)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    np.testing.assert_allclose(sizes @ found, supply, rtol=1e-3)


def test_a_label_that_has_run_out_leaves_its_share_to_the_others():
    proportions = np.array([[0.8, 0.1, 0.1], [0.8, 0.1, 0.1]])
    counts = albums.drawn_counts(proportions, np.array([60, 40]), np.array([10, 45, 45]), np.random.default_rng(0))
    np.testing.assert_array_equal(counts.sum(axis=1), [60, 40])
    np.testing.assert_array_equal(counts.sum(axis=0), [10, 45, 45])
    assert counts[0, 0] == 10 and abs(counts[0, 1] - counts[0, 2]) < 5 * np.sqrt(50)


@pytest.mark.parametrize("images", [1, 19, 20, 200, 201, 219, 220, 1009])
def test_sizes_sum_to_the_number_of_images(images):
    for seed in range(20):
        sizes = albums.album_sizes(images, np.random.default_rng(seed))
        assert sizes.sum() == images and sizes.max() <= 200 and sizes.min() >= min(20, images)
