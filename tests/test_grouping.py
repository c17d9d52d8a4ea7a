"""Groups of images: every image once an epoch, other groups each epoch, any step recomputable."""

import numpy as np
import pytest

from ugvae_tf.datasets import grouping
from ugvae_tf.datasets.kinds import kinds_of
from ugvae_tf.datasets.loading import ImageSet
from ugvae_tf.datasets.streaming import StreamedSet
from ugvae_tf.errors import UserError


def numbered(count: int) -> np.ndarray:
    """Images of one pixel whose value is their index."""
    return np.arange(count, dtype=np.uint8).reshape(count, 1, 1, 1)


def indices(dataset):
    """The image indices of each step [steps, G, B]."""
    return np.stack([np.rint(images.numpy() * 255).astype(int)[..., 0, 0, 0] for images, _ in dataset])


def test_an_epoch_shows_every_image_at_most_once_and_leaves_out_less_than_a_step():
    steps = grouping.steps_per_epoch(101, group_size=7, groups_per_step=2)
    shown = indices(grouping.random_groups(numbered(101), 7, 2, seed=0, first_step=0, last_step=steps)).ravel()
    assert steps == 7 and len(shown) == 98 and len(set(shown)) == 98


def test_epochs_are_shuffled_anew_and_seeds_differ():
    groups = indices(grouping.random_groups(numbered(100), 5, 2, seed=0, first_step=0, last_step=20))
    other_seed = indices(grouping.random_groups(numbered(100), 5, 2, seed=1, first_step=0, last_step=10))
    assert set(groups[:10].ravel()) == set(groups[10:].ravel()) == set(range(100))
    assert (groups[:10] != groups[10:]).mean() > 0.9
    assert (groups[:10] != other_seed).mean() > 0.9


def test_a_stream_that_starts_later_shows_what_the_whole_one_shows_there():
    whole = indices(grouping.random_groups(numbered(100), 5, 2, seed=3, first_step=0, last_step=25))
    later = indices(grouping.random_groups(numbered(100), 5, 2, seed=3, first_step=13, last_step=25))
    np.testing.assert_array_equal(whole[13:], later)


def test_groups_are_uniformly_random():
    """Each image is equally often first in the epoch; a chi-square statistic within 5 sigma."""
    epochs, count = 600, 20
    groups = indices(grouping.random_groups(numbered(count), count, 1, seed=0, first_step=0, last_step=epochs))
    times_first = np.bincount(groups[:, 0, 0], minlength=count)
    chi_square = ((times_first - epochs / count) ** 2 / (epochs / count)).sum()
    assert abs(chi_square - (count - 1)) < 5 * np.sqrt(2 * (count - 1))


def test_held_out_groups_show_every_image_exactly_once_and_pad_the_last():
    batches = list(grouping.all_in_groups(numbered(101), group_size=7, groups_per_step=2, seed=0))
    shown = np.concatenate([np.rint(i.numpy()[m.numpy() > 0] * 255).astype(int).ravel() for i, m in batches])
    assert sorted(shown) == list(range(101))
    assert sum(mask.numpy().sum() for _, mask in batches) == 101
    assert all(images.shape[1:] == (7, 1, 1, 1) for images, _ in batches)


def test_pixels_lie_in_the_unit_interval():
    np.testing.assert_array_equal(grouping.scaled(np.uint8([0, 51, 255])), np.float32([0, 0.2, 1]))


@pytest.mark.parametrize(("size", "groups", "named"), [(102, 1, "--group-size"), (60, 2, "--groups-per-step")])
def test_more_images_than_there_are_is_the_users_error(size, groups, named):
    with pytest.raises(UserError, match=named):
        grouping.steps_per_epoch(101, size, groups)


def test_groups_by_kind_have_one_kind_each_and_leave_out_less_than_a_group_of_it():
    kinds = np.random.default_rng(0).permutation(np.repeat([0, 1, 2, 3], [23, 9, 41, 2]))
    assert grouping.images_in_whole_groups(kinds, 5) == 20 + 5 + 40
    groups = indices(grouping.random_groups(numbered(75), 5, 1, seed=0, first_step=0, last_step=26, kinds=kinds))
    assert (kinds[groups] == kinds[groups][:, :, :1]).all()
    for epoch in (groups[:13], groups[13:]):
        assert len(set(epoch.ravel())) == 65
        assert sorted(kinds[epoch[:, 0, 0]]) == [0] * 4 + [1] + [2] * 8
    assert (kinds[groups[:13, 0, 0]] != kinds[groups[13:, 0, 0]]).any()


def test_a_stream_by_kind_that_starts_later_shows_what_the_whole_one_shows_there():
    kinds = np.repeat([0, 1], [31, 12])
    whole = indices(grouping.random_groups(numbered(43), 5, 2, seed=3, first_step=0, last_step=9, kinds=kinds))
    later = indices(grouping.random_groups(numbered(43), 5, 2, seed=3, first_step=5, last_step=9, kinds=kinds))
    np.testing.assert_array_equal(whole[5:], later)


def test_held_out_groups_by_kind_show_every_image_once_and_pad_the_last_of_each_kind():
    kinds = np.random.default_rng(0).permutation(np.repeat([0, 1, 2], [13, 1, 7]))
    groups = list(grouping.all_in_groups(numbered(21), group_size=5, groups_per_step=1, seed=0, kinds=kinds))
    shown = [np.rint(images.numpy()[mask.numpy() > 0] * 255).astype(int).ravel() for images, mask in groups]
    assert sorted(np.concatenate(shown)) == list(range(21))
    assert all(len(set(kinds[group])) == 1 for group in shown)
    assert sorted(len(group) for group in shown) == [1, 2, 3, 5, 5, 5]


def test_kinds_are_the_values_of_a_label():
    images = ImageSet(numbered(3), {"hair": np.array(["red", "blond", "red"]), "age": np.array([0.1, 0.2, 0.3])})
    np.testing.assert_array_equal(kinds_of(images, "hair"), [1, 0, 1])
    assert kinds_of(images, None) is None
    with pytest.raises(UserError, match=r"no label 'eyes'.*\(age, hair\)"):
        kinds_of(images, "eyes")
    with pytest.raises(UserError, match="'age' is a measurement"):
        kinds_of(images, "age")
    with pytest.raises(UserError, match="--memory-limit"):
        kinds_of(StreamedSet((), ((3, 3),), (1, 1, 1)), "hair")
    with pytest.raises(UserError, match=r"the 4 images of a group \(at most 2\)"):
        grouping.images_in_whole_groups(np.array([1, 0, 1]), 4)
