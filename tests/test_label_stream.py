"""Groups by a label of images that are streamed: every image once an epoch, one value a group, any step resumable."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from ugvae_tf.config import DataConfig
from ugvae_tf.datasets import streaming
from ugvae_tf.datasets.grouping import Grouping
from ugvae_tf.datasets.image_set import ImageSet
from ugvae_tf.datasets.loading import open_training
from ugvae_tf.datasets.source import Source
from ugvae_tf.datasets.streaming import StreamedSet
from ugvae_tf.errors import UserError

pytestmark = pytest.mark.slow

COUNTS = {"red": 23, "green": 9, "blue": 41, "grey": 2, "one": 1}
KINDS = np.random.default_rng(0).permutation(np.repeat(list(COUNTS), list(COUNTS.values())))
COUNT = len(KINDS)
PIXELS = np.arange(COUNT, dtype=np.uint8).reshape(COUNT, 1, 1, 1)
IN_MEMORY = ImageSet(PIXELS, {"kind": KINDS})


def source(first: int = 0, last: int = COUNT) -> Source:
    """Images of one pixel whose value is their index."""
    columns = {"image": PIXELS[first:last], "kind": KINDS[first:last], "age": np.zeros(last - first, np.float32)}
    return Source(tf.data.Dataset.from_tensor_slices(columns), last - first)


def stream(*parts: Source) -> StreamedSet:
    parts = parts or (source(),)
    return StreamedSet(parts, tuple((part.count, part.count) for part in parts), (1, 1, 1))


def indices(images, grouping: Grouping) -> np.ndarray:
    """The image indices of each step [steps, G, B]; -1 is padding."""
    return np.stack(
        [
            np.where(mask, np.rint(pixels.numpy() * 255).astype(int)[..., 0, 0, 0], -1)
            for pixels, mask in images.training_steps(grouping)
        ]
    )


def by_kind(size: int, groups: int, epochs: int = 1, smallest: int = 2, images=None) -> Grouping:
    grouping = Grouping(size, groups, 3, "kind", smallest)
    return replace(grouping, last_step=epochs * (images or stream()).steps_per_epoch(grouping))


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch):
    monkeypatch.setattr(streaming, "BLOCK", 20)


def test_an_epoch_shows_every_image_once_in_groups_of_one_value():
    shown = indices(stream(), by_kind(5, 1, epochs=2))[:, 0]
    steps = len(shown) // 2
    assert steps == 5 + 2 + 9 + 1
    for epoch in (shown[:steps], shown[steps:]):
        present = epoch >= 0
        assert Counter(epoch[present]) == Counter(np.flatnonzero(KINDS != "one"))
        assert all(len(set(KINDS[group[group >= 0]])) == 1 for group in epoch)
        assert (np.diff(present.astype(int), axis=1) <= 0).all() and present.sum(axis=1).min() >= 2
    assert (shown[:steps] != shown[steps:]).mean() > 0.5


def test_streamed_groups_are_as_many_as_those_in_memory():
    for size, groups in [(5, 1), (7, 2), (50, 3)]:
        grouping = Grouping(size, groups, label="kind")
        assert stream().steps_per_epoch(grouping) == IN_MEMORY.steps_per_epoch(grouping)


def test_the_last_step_repeats_the_first_groups_of_its_epoch():
    shown = indices(stream(), by_kind(5, 4))  # 17 groups in 5 steps of 4
    assert len(shown) == 5 and set(shown.ravel()) - {-1} == set(np.flatnonzero(KINDS != "one"))
    np.testing.assert_array_equal(shown[4, 1:], shown[0, :3])


def test_an_epoch_of_fewer_groups_than_a_step_repeats_them():
    shown = indices(stream(), by_kind(50, 9))  # four groups
    assert shown.shape == (1, 9, 50)
    np.testing.assert_array_equal(shown[0, 4:8], shown[0, :4])


@pytest.mark.parametrize("groups", [1, 2])
def test_a_stream_that_starts_later_shows_what_the_whole_one_shows_there(groups):
    whole_run = by_kind(5, groups, epochs=2)
    whole = indices(stream(), whole_run)
    for first in (3, len(whole) // 2, len(whole) - 2):
        np.testing.assert_array_equal(whole[first:], indices(stream(), replace(whole_run, first_step=first)))


def test_seeds_differ():
    grouping = by_kind(5, 1)
    assert (indices(stream(), grouping) != indices(stream(), replace(grouping, seed=4))).mean() > 0.5


def test_groups_smaller_than_the_smallest_are_left_out():
    shown = indices(stream(), by_kind(5, 1, smallest=3))
    assert set(shown.ravel()) - {-1} <= set(np.flatnonzero((KINDS != "grey") & (KINDS != "one")))
    assert (shown >= 0).sum(axis=-1).min() >= 3
    with pytest.raises(UserError, match=r"the 50 images of the smallest group \(at most 41\)"):
        stream().steps_per_epoch(Grouping(60, 1, label="kind", min_group_size=50))


@pytest.mark.parametrize("size", [2, 7, 50, *(pytest.param(size, marks=pytest.mark.slow) for size in (3, 4, 5))])
@pytest.mark.parametrize("smallest", [1, 2])
def test_groups_have_the_sizes_of_those_in_memory(size, smallest):
    grouping = by_kind(size, 1, smallest=smallest)
    streamed, in_memory = (
        sorted((indices(images, grouping) >= 0).sum(axis=-1).ravel()) for images in (stream(), IN_MEMORY)
    )
    assert streamed == in_memory


def test_two_domains_share_their_values_and_the_domain_is_a_label():
    both = stream(source(0, 30), source(30))
    shown = indices(both, by_kind(5, 1, images=both))[:, 0]
    assert all(len(set(KINDS[group[group >= 0]])) == 1 for group in shown)
    assert set(shown.ravel()) - {-1} == set(np.flatnonzero(KINDS != "one"))
    by_domain = Grouping(5, 1, 0, "domain", last_step=both.steps_per_epoch(Grouping(5, label="domain")))
    groups = indices(both, by_domain)[:, 0]
    assert all(len({index < 30 for index in group[group >= 0]}) == 1 for group in groups)


def test_labels_that_form_no_groups_are_told():
    with pytest.raises(UserError, match=r"no label 'eyes'.*\(age, kind\)"):
        stream().steps_per_epoch(Grouping(2, label="eyes"))
    with pytest.raises(UserError, match="'age' is a measurement"):
        stream().steps_per_epoch(Grouping(2, label="age"))


def test_a_prepared_set_is_grouped_while_it_is_streamed(tiny_data_dir):
    data = DataConfig("tiny", str(tiny_data_dir), memory_limit=1e-9)
    images, in_memory = open_training(data), open_training(replace(data, memory_limit=1))
    grouping = Grouping(16, 2, label="label")
    steps = images.training_steps(replace(grouping, last_step=images.steps_per_epoch(grouping)))
    label_of = {
        image.tobytes(): label for image, label in zip(in_memory.images, in_memory.labels["label"], strict=True)
    }
    shown = []
    for pixels, mask in steps:
        for group, present in zip(np.rint(pixels.numpy() * 255).astype(np.uint8), mask.numpy() > 0, strict=True):
            shown.append([label_of[image.tobytes()] for image in group[present]])
    assert all(len(set(labels)) == 1 for labels in shown)
    assert sum(map(len, shown)) in range(503, 503 + 17)  # the last step may repeat a group
