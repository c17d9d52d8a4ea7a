"""Pairs of groups: each has its own beta, and every path begins and ends where it should."""

import numpy as np
import pytest

from ugvae_tf.plots import mosaic
from ugvae_tf.tasks import path_pictures
from ugvae_tf.tasks.context import Context
from ugvae_tf.tasks.pairs import STEPS, Pairs
from ugvae_tf.tasks.request import EvaluationRequest

SHAPE = (7, 5, 1)


@pytest.fixture(scope="module")
def context(exported, tmp_path_factory):
    """A small model, and images of two values."""
    file, random = tmp_path_factory.mktemp("images") / "images.npz", np.random.default_rng(0)
    np.savez(file, image=random.integers(256, size=(400, *SHAPE), dtype=np.uint8), label=np.arange(400) % 2)
    folder = str(exported(model="ug-vae", image_shape=SHAPE)[1])
    return Context(EvaluationRequest("interpolation", folder, dataset="npz", data_dir=str(file), group_size="5"))


def test_every_pair_has_a_beta_of_its_own_at_both_ends(context):
    """One pair of betas served all pairs of images."""
    pairs = Pairs.draw(context, *context.categories("digit-sets"), 9, np.random.default_rng(0))
    for end in (0, -1):
        assert len(np.unique(pairs.betas[end].round(5), axis=0)) == 9
    np.testing.assert_allclose(pairs.betas[3], (pairs.betas[0] + pairs.betas[-1]) / 2, atol=1e-5)


def test_paths_begin_and_end_at_the_reconstructions_of_both_images(context):
    pairs = Pairs.draw(context, *context.categories("digit-sets"), 4, np.random.default_rng(0))
    ends = pairs.ends()
    assert ends.shape == (4, 2, *SHAPE)
    for path in (pairs.along_beta(), pairs.along_beta_and_component(), pairs.along_z()):
        assert path.shape == (4, STEPS, *SHAPE)
        np.testing.assert_allclose(path[:, 0], ends[:, 0], atol=1e-5)
    grid = pairs.grid(2)
    np.testing.assert_allclose(grid[:, 0], pairs.along_beta()[2], atol=1e-5)
    np.testing.assert_allclose(grid[0], pairs.along_z()[2], atol=1e-5)
    np.testing.assert_allclose(grid[-1, -1], ends[2, 1], atol=1e-5)


def test_the_real_images_at_both_ends_are_those_that_were_encoded(context):
    members = np.array([[3, 1, 2], [7, 5, 6]]), np.array([[9, 8, 4], [0, 11, 10]])
    pairs = Pairs.between(context, *members)
    first = context.held_out.images[[[3, 7], [9, 0]]] / 255
    np.testing.assert_allclose(pairs.real, first, atol=1e-6)
    np.testing.assert_allclose(pairs.zs[[0, -1]], context.held_out_codes.z_mean[[[3, 7], [9, 0]]], atol=1e-6)


def test_captions_say_how_much_changes_from_end_to_end():
    images = np.zeros((3, 2, *SHAPE))
    images[-1] = 0.25
    assert path_pictures.change(images, 0) == "the image changes (on average a pixel by 0.250 of its range)"
    assert path_pictures.change(images, 1).startswith("hardly anything changes")


def test_a_grid_has_the_real_images_in_its_corners(context):
    pairs = Pairs.draw(context, *context.categories("digit-sets"), 2, np.random.default_rng(0))
    figure = path_pictures.grid(pairs, "first", "second")
    picture = np.asarray(figure.axes[0].images[0].get_array())
    assert "From an image of first to one of second" in {text.get_text() for text in figure.texts}
    places = mosaic.Places.of(STEPS + 2, len_of(picture), mosaic.GAP, [1, STEPS + 1])
    left, right = places.starts[[0, -1]] + mosaic.BORDER
    size = places.size - 2 * mosaic.BORDER
    real = (pairs.real[:, 0].clip(0, 1) * 255).round()
    np.testing.assert_array_equal(
        picture[mosaic.GAP // 2 + 2, left : left + size, 0], real[0, 0, :, 0].repeat(size // 5)
    )
    assert (picture[picture.shape[0] // 2, right : right + size] == 255).all()


def len_of(picture: np.ndarray) -> int:
    """The dots of an image across, from the width of the picture."""
    gaps = (STEPS + 2) * (2 * mosaic.BORDER + mosaic.GAP) + 2 * mosaic.BLOCK_GAP
    return (picture.shape[1] - gaps) // (STEPS + 2)
