"""Groups of images: every image once an epoch, other groups each epoch, any step recomputable."""

import numpy as np
import pytest

from ugvae_tf.datasets import grouping
from ugvae_tf.datasets.grouping import Grouping
from ugvae_tf.datasets.image_set import ImageSet, scaled
from ugvae_tf.errors import UserError


def numbered(count: int, values=None) -> ImageSet:
    """Images of one pixel whose value is their index; `values` are those of the label `kind`."""
    pixels = np.arange(count, dtype=np.uint8).reshape(count, 1, 1, 1)
    return ImageSet(pixels, {} if values is None else {"kind": np.asarray(values)})


def indices(dataset):
    """The image indices of each step [steps, G, B]; -1 is padding."""
    return np.stack(
        [np.where(mask, np.rint(images.numpy() * 255).astype(int)[..., 0, 0, 0], -1) for images, mask in dataset]
    )


def random_steps(images: ImageSet, size: int, groups: int, seed: int = 0, first: int = 0, last: int = 10):
    return indices(images.training_steps(Grouping(size, groups, seed, first_step=first, last_step=last)))


def label_steps(images: ImageSet, size: int, groups: int, first: int, last: int, smallest: int = 2):
    by_kind = Grouping(size, groups, 3, "kind", smallest, first_step=first, last_step=last)
    return indices(images.training_steps(by_kind))


def test_an_epoch_shows_every_image_at_most_once_and_leaves_out_less_than_a_step():
    steps = grouping.steps_per_epoch(101, group_size=7, groups_per_step=2)
    shown = random_steps(numbered(101), 7, 2, last=steps).ravel()
    assert steps == 7 and len(shown) == 98 and len(set(shown)) == 98


def test_epochs_are_shuffled_anew_and_seeds_differ():
    groups, other_seed = random_steps(numbered(100), 5, 2, last=20), random_steps(numbered(100), 5, 2, seed=1)
    assert set(groups[:10].ravel()) == set(groups[10:].ravel()) == set(range(100))
    assert (groups[:10] != groups[10:]).mean() > 0.9
    assert (groups[:10] != other_seed).mean() > 0.9


def test_a_stream_that_starts_later_shows_what_the_whole_one_shows_there():
    whole = random_steps(numbered(100), 5, 2, seed=3, last=25)
    later = random_steps(numbered(100), 5, 2, seed=3, first=13, last=25)
    np.testing.assert_array_equal(whole[13:], later)


def test_groups_are_uniformly_random():
    """Each image is equally often first in the epoch; a chi-square statistic within 5 sigma."""
    epochs, count = 600, 20
    groups = random_steps(numbered(count), count, 1, last=epochs)
    times_first = np.bincount(groups[:, 0, 0], minlength=count)
    chi_square = ((times_first - epochs / count) ** 2 / (epochs / count)).sum()
    assert abs(chi_square - (count - 1)) < 5 * np.sqrt(2 * (count - 1))


def test_every_iteration_for_keras_is_another_epoch_of_known_length():
    dataset = numbered(100).epoch_by_epoch(Grouping(5, 2))
    first, second = indices(dataset), indices(dataset)
    assert int(dataset.cardinality()) == 10
    assert set(first.ravel()) == set(second.ravel()) == set(range(100)) and (first != second).mean() > 0.9


def test_a_stream_without_a_last_step_goes_on():
    assert len(indices(numbered(7).training_steps(Grouping(3, 2)).take(9))) == 9


def test_held_out_groups_show_every_image_exactly_once_and_pad_the_last():
    batches = list(numbered(101).held_out_groups(Grouping(7, 2)))
    shown = np.concatenate([np.rint(i.numpy()[m.numpy() > 0] * 255).astype(int).ravel() for i, m in batches])
    assert sorted(shown) == list(range(101))
    assert sum(mask.numpy().sum() for _, mask in batches) == 101
    assert all(images.shape[1:] == (7, 1, 1, 1) for images, _ in batches)


def test_pixels_lie_in_the_unit_interval():
    np.testing.assert_array_equal(scaled(np.uint8([0, 51, 255])), np.float32([0, 0.2, 1]))


@pytest.mark.parametrize(("size", "groups", "named"), [(102, 1, "`group_size=102`"), (60, 2, "`groups_per_step=2`")])
def test_more_images_than_there_are_is_the_users_error(size, groups, named):
    with pytest.raises(UserError, match=named):
        grouping.steps_per_epoch(101, size, groups)


KINDS = np.random.default_rng(0).permutation(np.repeat([0, 1, 2, 3], [23, 9, 41, 2]))


def test_groups_by_label_share_a_value_and_show_every_image_in_every_epoch():
    steps = numbered(75, KINDS).steps_per_epoch(Grouping(5, 1, label="kind"))
    groups = label_steps(numbered(75, KINDS), 5, 1, 0, 2 * steps)
    assert steps == 5 + 2 + 9 + 1
    for epoch in (groups[:steps, 0], groups[steps:, 0]):
        assert sorted(epoch[epoch >= 0]) == list(range(75))
        assert all(len(set(KINDS[group[group >= 0]])) == 1 for group in epoch)
        assert sorted((epoch >= 0).sum(axis=1)) == [2] + [4] * 7 + [5] * 9
        assert (np.diff((epoch >= 0).astype(int), axis=1) <= 0).all(), "padding comes last"
    assert (groups[:steps] != groups[steps:]).mean() > 0.5


def test_the_last_step_repeats_the_first_groups_of_its_epoch():
    groups = label_steps(numbered(75, KINDS), 5, 4, 0, 5)  # 17 groups in 5 steps of 4
    assert len(groups) == 5 and set(groups.ravel()) - {-1} == set(range(75))
    np.testing.assert_array_equal(groups[4, 1:], groups[0, :3])


def test_groups_smaller_than_the_smallest_are_left_out():
    groups = label_steps(numbered(75, KINDS), 5, 1, 0, 16, smallest=3)
    assert set(groups.ravel()) - {-1} == set(np.flatnonzero(KINDS != 3))
    with pytest.raises(UserError, match=r"the 50 images of the smallest group \(at most 41\)"):
        numbered(75, KINDS).steps_per_epoch(Grouping(60, 1, label="kind", min_group_size=50))


def test_a_stream_by_label_that_starts_later_shows_what_the_whole_one_shows_there():
    values = np.repeat([0, 1], [31, 12])
    whole, later = (label_steps(numbered(43, values), 5, 2, first, 9) for first in (0, 5))
    np.testing.assert_array_equal(whole[5:], later)


def test_held_out_groups_by_label_show_every_image_once_and_pad_the_last_of_each_value():
    values = np.random.default_rng(0).permutation(np.repeat([0, 1, 2], [13, 1, 7]))
    groups = list(numbered(21, values).held_out_groups(Grouping(5, 1, label="kind")))
    shown = [np.rint(images.numpy()[mask.numpy() > 0] * 255).astype(int).ravel() for images, mask in groups]
    assert sorted(np.concatenate(shown)) == list(range(21))
    assert all(len(set(values[group])) == 1 for group in shown)
    assert sorted(len(group) for group in shown) == [1, 2, 3, 5, 5, 5]


def test_groups_are_formed_by_a_label_of_categories():
    images = numbered(3, ["red", "blond", "red"]).with_label("age", np.array([0.1, 0.2, 0.3]))
    with pytest.raises(UserError, match=r"no label 'eyes'.*\(age, kind\)"):
        images.steps_per_epoch(Grouping(2, label="eyes"))
    with pytest.raises(UserError, match="'age' is a measurement"):
        images.steps_per_epoch(Grouping(2, label="age"))
