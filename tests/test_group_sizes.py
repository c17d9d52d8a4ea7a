"""Groups of random sizes: a function of seed and step, uniform, in memory and streamed, by label or at random."""

import numpy as np
import pytest
import tensorflow as tf

import ugvae_tf as ug
from ugvae_tf.commands.train import parse_training
from ugvae_tf.config import DataConfig
from ugvae_tf.datasets.group_sizes import kept
from ugvae_tf.datasets.grouping import Grouping
from ugvae_tf.datasets.image_set import ImageSet
from ugvae_tf.datasets.source import Source
from ugvae_tf.datasets.streaming import StreamedSet
from ugvae_tf.errors import UserError
from ugvae_tf.training.fitting import grouping_of

COUNT = 211
PIXELS = np.arange(COUNT, dtype=np.uint8).reshape(COUNT, 1, 1, 1)
IN_MEMORY = ImageSet(PIXELS, {"kind": np.arange(COUNT) % 3})


@pytest.fixture(params=["in memory", "streamed"])
def images(request):
    """The same images of one pixel, whose value is their index, in memory or streamed."""
    if request.param == "in memory":
        return IN_MEMORY
    examples = tf.data.Dataset.from_tensor_slices({"image": PIXELS, **IN_MEMORY.labels})
    return StreamedSet((Source(examples, COUNT),), ((COUNT, COUNT),), (1, 1, 1))


def masks(images, **settings) -> np.ndarray:
    """The mask of each step [steps, G, B]."""
    return np.stack([mask for _, mask in images.training_steps(Grouping(7, 2, **settings))])


@pytest.mark.slow
@pytest.mark.parametrize("label", [None, "kind"])
def test_every_step_has_its_own_sizes_whether_or_not_training_was_interrupted(images, label):
    whole = masks(images, seed=3, label=label, smallest_group=3, last_step=40)
    assert (np.diff(whole, axis=-1) <= 0).all(), "padding comes last"
    assert set(np.unique(whole.sum(axis=-1))) == {3, 4, 5, 6, 7}
    later = masks(images, seed=3, label=label, smallest_group=3, first_step=23, last_step=40)
    np.testing.assert_array_equal(whole[23:], later)
    assert (whole[:15] != whole[15:30]).any()
    assert (masks(images, seed=4, label=label, smallest_group=3, last_step=40) != whole).any()


def test_the_images_are_those_of_the_full_groups(images):
    full, cut = (
        list(images.training_steps(Grouping(7, 2, smallest_group=smallest, last_step=15))) for smallest in (None, 2)
    )
    for (all_images, _), (some, mask) in zip(full, cut, strict=True):
        np.testing.assert_array_equal((some * mask[..., None, None, None]), all_images * mask[..., None, None, None])


def test_sizes_are_uniform():
    """A chi-square statistic of 5 sizes within 5 sigma."""
    sizes = masks(IN_MEMORY, smallest_group=3, last_step=2000).sum(axis=-1).astype(int).ravel()
    counts = np.bincount(sizes, minlength=8)[3:]
    chi_square = ((counts - len(sizes) / 5) ** 2 / (len(sizes) / 5)).sum()
    assert abs(chi_square - 4) < 5 * np.sqrt(8)


@pytest.mark.parametrize(("uniform", "sizes"), [(0.0, [3, 2, 1]), (0.999999, [5, 2, 1]), (0.34, [4, 2, 1])])
def test_a_group_smaller_than_the_range_keeps_all_its_images(uniform, sizes):
    present = np.arange(5) < np.array([[5], [2], [1]])
    found = kept(tf.constant(present), 3, tf.fill([3], tf.constant(uniform, tf.float64))).numpy()
    assert found.sum(axis=1).tolist() == sizes


def test_validation_groups_have_the_largest_size():
    groups = list(IN_MEMORY.held_out_groups(Grouping(7, 2, smallest_group=3)))
    assert sum(int(mask.numpy().sum()) for _, mask in groups) == COUNT


@pytest.mark.parametrize("by_label", [False, True])
def test_a_range_of_sizes_in_python(by_label):
    sizes = {"group_size": (3, 7), "groups_per_step": 2}
    dataset = ug.label_groups(IN_MEMORY, "kind", **sizes) if by_label else ug.random_groups(IN_MEMORY, **sizes)
    found = np.concatenate([mask.numpy().sum(axis=1) for _, mask in dataset])
    assert dataset.element_spec[1].shape[1] == 7 and set(found) == {3, 4, 5, 6, 7}
    with pytest.raises(UserError, match=r"`group_size=7-3` is impossible"):
        ug.random_groups(IN_MEMORY, group_size=(7, 3))


def test_a_range_as_a_flag(tmp_path):
    output = ["--output-dir", str(tmp_path)]
    config = parse_training(["--group-size", "5-31", *output]).config
    assert (config.data.smallest_group, config.data.group_size) == (5, 31)
    assert (grouping_of(config).smallest_group, grouping_of(config).group_size) == (5, 31)
    plain = parse_training(["--group-size", "31", *output]).config.data
    assert (plain.smallest_group, plain.group_size) == (None, 31)
    conv = parse_training(["--dataset", "faces3d", "--group-size", "5-31", *output]).config
    assert conv.model.normalisation == "group"
    assert DataConfig().smallest_group is None


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--group-size", "31-5"], "`group_size=31-5` is impossible"),
        (["--group-size", "0-5"], "`group_size=0-5` is impossible"),
        (["--group-size", "5-"], "--group-size must be a whole number, or a range such as 5-31, not 5-"),
        (["--group-size", "1-9", "--model", "nested-vae"], "nested-vae pairs the images"),
        (
            ["--dataset", "faces3d", "--group-size", "5-9", "--normalisation", "batch"],
            "or of random sizes, are padded",
        ),
    ],
)
def test_impossible_ranges_are_told(flags, told, tmp_path):
    with pytest.raises(UserError, match=told):
        parse_training([*flags, "--output-dir", str(tmp_path)])
