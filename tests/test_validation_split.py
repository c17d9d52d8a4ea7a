"""The training images that are held back: a partition, the same one in memory and streamed, and what can be wrong."""

import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from ugvae_tf import config as configuration
from ugvae_tf.commands.train import parse_training
from ugvae_tf.config import Config, DataConfig, TrainingConfig
from ugvae_tf.datasets.grouping import Grouping
from ugvae_tf.datasets.loading import load_split, open_training
from ugvae_tf.datasets.validation_split import HeldBack, held_back
from ugvae_tf.errors import UserError

TENTH, A_THIRD_BY_LABEL = HeldBack(0.1), HeldBack(0.34, "label")


@pytest.fixture
def tiny(tiny_data_dir):
    return DataConfig("tiny", str(tiny_data_dir))


def rows(images) -> Counter:
    """Images with their labels, whatever their order."""
    return Counter((image.tobytes(), label) for image, label in zip(images.images, images.labels["label"], strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("changes", [{}, {"binarise": True}, {"image_size": 5}])
@pytest.mark.parametrize("back", [TENTH, A_THIRD_BY_LABEL])
def test_training_and_validation_images_are_the_training_images_once_each(tiny, changes, back):
    """Those that stay are the same black and white images as without a validation split."""
    data = replace(tiny, **changes)
    train, validation = open_training(data, back), load_split(data, "validation", back)
    assert rows(train) + rows(validation) == rows(load_split(data, "train"))
    assert len(load_split(data, "held-out", back)) == 17
    again = load_split(data, "validation", back)
    np.testing.assert_array_equal(validation.images, again.images)


def test_a_tenth_of_the_images_is_held_back_at_random(tiny):
    labels = load_split(tiny, "validation", TENTH).labels["label"]
    assert len(labels) == 50 and set(labels) == {0, 1, 2}


def test_whole_values_of_a_label_are_held_back(tiny):
    train, validation = (load_split(tiny, split, A_THIRD_BY_LABEL).labels["label"] for split in ("train", "validation"))
    assert len(set(validation)) == 1 and len(set(train)) == 2 and not set(train) & set(validation)


@pytest.mark.slow
def test_glyphs_are_held_back_by_font():
    back = HeldBack(0.1, "font")
    fonts = [set(load_split(DataConfig("glyphs"), split, back).labels["font"]) for split in ("train", "validation")]
    assert list(map(len, fonts)) == [944, 105] and not fonts[0] & fonts[1]


@pytest.mark.parametrize("back", [TENTH, A_THIRD_BY_LABEL])
def test_a_streamed_set_shows_the_images_that_one_in_memory_shows(tiny, back):
    stream, in_memory = open_training(replace(tiny, memory_limit=1e-9), back), open_training(tiny, back)
    assert len(stream) == len(in_memory)
    steps = stream.training_steps(Grouping(1, 1, last_step=len(stream)))
    shown = Counter(tf.cast(tf.round(255 * images[0, 0]), tf.uint8).numpy().tobytes() for images, _ in steps)
    assert shown == Counter(image.tobytes() for image in in_memory.images)


def test_each_domain_of_a_mixture_is_divided(tiny):
    data = replace(tiny, dataset="tiny+tiny")
    train, validation = open_training(data, TENTH), load_split(data, "validation", TENTH)
    assert train.shares == ((453, 453), (453, 453)) and len(validation) == 100


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
def test_the_share_is_that_of_distinct_values(share):
    values = np.random.default_rng(0).integers(40, size=997)
    mask = held_back(values, share)
    assert len(set(values[mask])) == max(1, round(40 * share)) and not set(values[mask]) & set(values[~mask])


@pytest.mark.parametrize(
    ("back", "told"),
    [
        (HeldBack(0.9, "label"), r"`validation_share=0.9` of 3 leaves nothing to train on"),
        (HeldBack(0.1, "font"), r"needs the label 'font' in each data set, and one has only label: give `validation="),
    ],
)
def test_what_cannot_be_held_back_is_told(tiny, back, told):
    with pytest.raises(UserError, match=told):
        open_training(tiny, back)


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--validation-share", "1"], "`validation_share` must be at least 0 and below 1"),
        (["--validation", "groups"], "`validation=groups` holds back values of a label: give `group_by`"),
        (["--early-stopping", "0"], "`early_stopping` must be at least 1"),
        (["--early-stopping", "2", "--validation-share", "0"], "`early_stopping` needs images to validate on"),
    ],
)
def test_impossible_settings_are_told(flags, told, tmp_path):
    with pytest.raises(UserError, match=told):
        parse_training([*flags, "--output-dir", str(tmp_path)])


def test_the_split_follows_from_the_configuration():
    by_font = Config(data=DataConfig("glyphs", group_by="font"), training=TrainingConfig(validation="groups"))
    assert HeldBack.by(by_font) == HeldBack(0.1, "font")
    assert HeldBack.by(replace(by_font, training=TrainingConfig())) == HeldBack(0.1, None)


def test_a_config_json_from_before_validation_held_nothing_back():
    content = json.loads(configuration.to_json(Config()))
    for name in ("validation_share", "validation", "early_stopping"):
        del content["training"][name]
    assert configuration.from_content(content).training == TrainingConfig(validation_share=0)
