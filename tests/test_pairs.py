"""Pairs of groups: each has its own beta, and every path begins and ends where it should."""

import numpy as np
import pytest

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
