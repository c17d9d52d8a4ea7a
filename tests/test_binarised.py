"""Images that are made black and white: the law, and the same draw every time."""

from dataclasses import asdict, replace

import numpy as np
import pytest
import tensorflow as tf

from ugvae_tf.commands.train import parse_training
from ugvae_tf.config import Config, DataConfig, from_json, to_json
from ugvae_tf.datasets.binarised import binarised
from ugvae_tf.datasets.loading import load_split, open_training
from ugvae_tf.datasets.source import Source
from ugvae_tf.datasets.streaming import StreamedSet

pytestmark = pytest.mark.slow

IMAGES, SIDE = 300, 16


def constant(grey: int, channels: int = 1) -> Source:
    """Images of one grey level."""
    image = np.full((SIDE, SIDE, channels), grey, np.uint8)
    return Source(tf.data.Dataset.from_tensors({"image": image}).repeat(IMAGES), IMAGES)


def drawn(source: Source, split: str = "train", domain: int = 0) -> np.ndarray:
    """All its images, made black and white [N, H, W, C]."""
    return np.stack([example["image"] for example in binarised(source, split, domain).examples.as_numpy_iterator()])


@pytest.mark.parametrize("grey", [0, 1, 60, 128, 254, 255])
def test_a_pixel_is_white_with_its_grey_level_as_probability(grey):
    images, share = drawn(constant(grey)), grey / 255
    assert images.dtype == np.uint8 and set(np.unique(images)) <= {0, 255}
    white = (images == 255).mean(axis=0)  # of each pixel, over the images
    assert abs(white.mean() - share) <= 5 * np.sqrt(share * (1 - share) / images.size)
    assert np.all(abs(white - share) <= 5 * np.sqrt(share * (1 - share) / IMAGES) + 1 / IMAGES)


def test_images_pixels_splits_and_domains_are_drawn_apart():
    images = drawn(constant(128))
    elsewhere = drawn(constant(128), "held-out"), drawn(constant(128), domain=1)
    for other in (images[::-1], images[:, ::-1], *elsewhere):
        assert abs((images == other).mean() - 0.5) < 0.01  # four standard errors or more


def test_a_grey_pixel_in_three_channels_stays_grey():
    images = drawn(constant(128, channels=3))
    assert np.all(images == images[..., :1]) and set(np.unique(images)) == {0, 255}


@pytest.fixture
def tiny(tiny_data_dir):
    return DataConfig("tiny", str(tiny_data_dir), binarise=True)


def test_the_same_images_come_out_every_time_in_memory_and_streamed(tiny):
    images = load_split(tiny, "train").images
    assert set(np.unique(images)) == {0, 255} and images.shape == (503, 7, 5, 1)
    np.testing.assert_array_equal(images, load_split(tiny, "train").images)
    np.testing.assert_array_equal(images, open_training(tiny).images)
    streamed = open_training(replace(tiny, memory_limit=1e-9))
    assert isinstance(streamed, StreamedSet)
    seen = [example["image"] for example in streamed.domains[0].examples.as_numpy_iterator()]
    np.testing.assert_array_equal(images, seen)


def test_black_stays_black_and_labels_stay(tiny):
    grey = load_split(replace(tiny, binarise=False), "held-out")
    found = load_split(tiny, "held-out")
    assert not found.images[grey.images == 0].any()
    np.testing.assert_array_equal(found.labels["label"], grey.labels["label"])


def test_config_json_carries_it_and_an_older_one_is_read():
    config = Config(data=DataConfig(binarise=True))
    assert from_json(to_json(config)) == config
    older = asdict(Config())
    del older["data"]["binarise"]
    assert not DataConfig(**older["data"]).binarise


def test_the_same_command_resumes_a_binarised_run(tmp_path):
    flags = ["--binarise", "--likelihood", "bernoulli", "--output-dir", str(tmp_path)]
    began = parse_training(flags)
    assert began.config.data.binarise
    began.folder.checkpoints.mkdir(parents=True)
    began.folder.write_config(to_json(began.config))
    assert parse_training([*flags, "--resume"]).config == began.config
