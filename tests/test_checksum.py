"""The checksum of training images, in memory and streamed."""

from dataclasses import replace

import numpy as np
import pytest

from ugvae_tf.config import DataConfig
from ugvae_tf.datasets.loading import open_training
from ugvae_tf.errors import UserError


@pytest.fixture
def data(tmp_path):
    """The settings of 30 images in a file, and a function that writes them anew with one change."""
    images = np.random.default_rng(0).integers(256, size=(30, 5, 3, 1), dtype=np.uint8)
    labels = np.array(["a", "b", "\u00e9"] * 10)

    def written(pixel=0, label="a", count=30):
        images[:, 2, 1], labels[:3] = pixel, label
        np.savez(tmp_path / "mine.npz", image=images[:count], label=labels[:count])
        return DataConfig("npz", str(tmp_path / "mine.npz"))

    return written


@pytest.mark.parametrize("memory_limit", [1.0, 1e-7], ids=["in memory", "streamed"])
def test_the_checksum_is_that_of_the_images_and_the_group_label(data, memory_limit):
    def found(by=None, **changes):
        return open_training(replace(data(**changes), memory_limit=memory_limit)).checksum(by)

    same = found()
    assert same == found() and len(same) == 16
    assert same not in (found(pixel=1), found(count=20), found("label"))
    assert found("label") != found("label", label="b")
    with pytest.raises(UserError, match="no label 'day'"):
        found("day")
