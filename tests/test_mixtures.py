"""Several domains in one format, and sets that are larger than the memory."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow_datasets as tfds

from ugvae_tf.config import DataConfig
from ugvae_tf.datasets.grouping import Grouping
from ugvae_tf.datasets.image_set import ImageSet
from ugvae_tf.datasets.loading import load_split, open_training
from ugvae_tf.datasets.streaming import StreamedSet
from ugvae_tf.errors import UserError

pytestmark = pytest.mark.slow

GREY, COLOUR = 101, 53  # training images
EPSILON_GB = 1e-9


@pytest.fixture(scope="module")
def domains(tmp_path_factory):
    """A folder with `grey`, 9x7, whose image i is all i, and `colour`, 11x11, whose images are all (200, 210, 220)."""
    folder = tmp_path_factory.mktemp("domains")
    grey = [np.full((9, 7, 1), index, np.uint8) for index in range(GREY)]
    colour = [np.full((11, 11, 3), [200, 210, 220], np.uint8)] * COLOUR
    for name, images in {"grey": grey, "colour": colour}.items():
        features = {"image": tfds.features.Image(shape=images[0].shape), "shade": tfds.features.Scalar(np.int64)}
        examples = [(key, {"image": image, "shade": key}) for key, image in enumerate(images)]
        tfds.dataset_builders.store_as_tfds_dataset(
            name=name,
            version="1.0.0",
            features=tfds.features.FeaturesDict(features),
            split_datasets={"train": examples, "test": examples[:3]},
            data_dir=folder,
            disable_shuffling=True,
        )
    return str(folder)


def mixed(domains, **changes) -> DataConfig:
    return DataConfig(**{"dataset": "grey+colour", "data_dir": domains, "group_size": 5, "image_size": 6, **changes})


def is_colour(images) -> np.ndarray:
    """Which images [..., H, W, C] are of the domain `colour`."""
    return np.asarray(images)[..., 0, 0, 0] > 199.5 / 255


def test_domains_meet_in_one_format_and_the_domain_is_a_label(domains):
    train, held_out = open_training(mixed(domains)), load_split(mixed(domains), "held-out")
    assert isinstance(train, ImageSet) and train.images.shape == (GREY + COLOUR, 6, 6, 3) and len(held_out) == 6
    np.testing.assert_array_equal(train.images[7], np.full((6, 6, 3), 7))
    np.testing.assert_array_equal(train.images[-1], np.broadcast_to([200, 210, 220], (6, 6, 3)))
    assert train.labels["domain"].tolist() == ["grey"] * GREY + ["colour"] * COLOUR
    assert set(train.labels) == {"domain", "shade"}


def test_an_epoch_shows_the_domains_in_their_proportions_and_others_of_the_larger_one_each_time(domains):
    train = open_training(mixed(domains, mixture="0.4,0.6"))
    assert train.shares == ((GREY, 35), (COLOUR, 53))
    steps = train.steps_per_epoch(Grouping(4, 2))
    assert steps == 88 // 8
    shown = [
        np.concatenate([images for images, _ in train.training_steps(Grouping(4, 2, first_step=first, last_step=last))])
        for first, last in ((0, steps), (steps, 2 * steps))
    ]
    for epoch in shown:
        assert (~is_colour(epoch)).sum() == 35 and is_colour(epoch).sum() == 53
    first, second = (set(np.rint(epoch[~is_colour(epoch)][:, 0, 0, 0] * 255)) for epoch in shown)
    assert first != second and len(first) == len(second) == 35


@pytest.mark.parametrize("mixture", [None, "0.4,0.6"])
def test_a_set_larger_than_the_memory_is_streamed_and_any_step_can_be_resumed(domains, mixture):
    data = mixed(domains, mixture=mixture, memory_limit=EPSILON_GB)
    stream = open_training(data)
    assert isinstance(stream, StreamedSet) and stream.image_shape == (6, 6, 3) and len(stream) == GREY + COLOUR
    whole_run = Grouping(4, 2, 3, last_step=2 * stream.steps_per_epoch(Grouping(4, 2)))
    steps = whole_run.last_step // 2
    whole = np.stack([images for images, _ in stream.training_steps(whole_run)])
    later = np.stack([images for images, _ in stream.training_steps(replace(whole_run, first_step=steps + 2))])
    np.testing.assert_array_equal(whole[steps + 2 :], later)
    assert (whole[:steps] != whole[steps:]).any()
    greys = whole[:steps][~is_colour(whole[:steps])][:, 0, 0, 0]
    assert len(set(greys)) == len(greys)  # no image twice in an epoch
    assert abs(is_colour(whole).mean() - (0.6 if mixture else COLOUR / (GREY + COLOUR))) < 0.05


def test_proportions_are_of_training_groups_only(domains):
    """The three held-out images of each domain would not fill a share of a group."""
    assert len(load_split(mixed(domains, mixture="0.1,0.9", group_size=50), "held-out")) == 6


@pytest.mark.parametrize("memory_limit", [4.0, EPSILON_GB])
def test_images_of_different_sizes_are_told_streamed_or_not(domains, memory_limit):
    with pytest.raises(UserError, match="different sizes"):
        open_training(mixed(domains, image_size=None, memory_limit=memory_limit))


def test_a_split_is_cut_to_the_memory(domains):
    held_out = load_split(DataConfig("grey", domains, memory_limit=2.5 * 9 * 7 / 1e9), "held-out")
    assert len(held_out) == 2


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"mixture": "0.5,0.4"}, "must sum to 1"),
        ({"mixture": "0.5"}, "a number above 0 for each of grey, colour"),
        ({"mixture": "half,half"}, "a number above 0 for each"),
        ({"mixture": "0.5,0.5", "group_size": 120}, "'colour' has 53 images, fewer than its share of one group, 60"),
        ({"dataset": "grey+blue"}, "Unknown data set 'blue'"),
    ],
)
def test_what_cannot_be_mixed_is_told(domains, changes, told):
    with pytest.raises(UserError, match=told):
        open_training(mixed(domains, **changes))
