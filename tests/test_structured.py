"""Structured groups: the digits of a series in their places, no image twice, chance as promised."""

import numpy as np
import pytest

from ugvae_tf.errors import UserError
from ugvae_tf.evaluation import categories, sampling

LABELS = np.random.default_rng(0).permutation(np.repeat(np.arange(10), [60, 90, 70, 50, 55, 45, 80, 65, 75, 85]))
RARE = np.array([3, 1, 1, 3, 2, 1, 3])  # one image of 2, three of 1 and of 3


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def no_image_twice(members: np.ndarray) -> bool:
    return all(len(set(group)) == len(group) for group in members.tolist())


@pytest.mark.parametrize(
    ("name", "beginning"),
    [
        ("even", "02468101214161820"),
        ("odd", "13579111315171921"),
        ("fibonacci", "0112358132134558914423337761098715972584"),
        ("prime", "23571113171923293137414347535961677173798389971011"),
    ],
)
def test_series_are_written_out_in_decimal(name, beginning):
    series = categories.SERIES[name]
    assert series.shape == (256,)
    assert "".join(map(str, series[: len(beginning)])) == beginning


def test_series_end_where_256_digits_end():
    """5 one-digit even numbers, 45 of two digits and then 53 and two thirds of three digits: 206, without its 6."""
    assert "".join(map(str, categories.SERIES["even"][-8:])) == "20220420"


@pytest.mark.parametrize(("name", "below_ten"), [("even", 5), ("odd", 5), ("fibonacci", 7), ("prime", 4)])
def test_a_digit_set_is_the_numbers_below_ten_of_its_series(name, below_ten):
    assert set(categories.DIGIT_SETS[name]) == set(categories.SERIES[name][:below_ten].tolist())


@pytest.mark.parametrize("name", categories.SERIES)
def test_every_image_of_a_series_group_has_the_digit_of_its_place(name):
    series = categories.SERIES[name]
    members = sampling.series_members(LABELS, series, groups=40, size=37, random=generator())
    twice = "".join(map(str, np.tile(series, 2)))
    shown = ["".join(map(str, LABELS[group])) for group in members]
    assert members.shape == (40, 37) and no_image_twice(members)
    assert all(group in twice for group in shown)
    assert len(set(shown)) > 25  # starts differ


def test_a_series_wraps_and_starts_everywhere():
    members = sampling.series_members(RARE, np.array([1, 2, 3]), groups=300, size=5, random=generator())
    shown, times = np.unique(RARE[members], axis=0, return_counts=True)
    assert shown.tolist() == [[1, 2, 3, 1, 2], [2, 3, 1, 2, 3], [3, 1, 2, 3, 1]]
    assert times.min() > 70


def test_images_repeat_only_where_a_label_has_too_few():
    digits = np.array([[1, 2, 1, 2, 1, 3], [3, 1, 1, 3, 3, 2]])
    members = sampling.members_with_labels(RARE, digits, generator())
    np.testing.assert_array_equal(RARE[members], digits)
    assert members[0, 1] == members[0, 3] == 4
    assert no_image_twice(members[:1, [0, 2, 4, 5]]) and no_image_twice(members[1:])


def test_images_of_a_label_are_equally_likely():
    digits = np.tile([7, 7, 7, 1], (4000, 1))
    chosen = sampling.members_with_labels(LABELS, digits, generator())[:, :3]
    times = np.bincount(chosen.ravel())[LABELS[: chosen.max() + 1] == 7]
    assert len(times) == 65 and abs(times - 12000 / 65).max() < 5 * np.sqrt(12000 / 65)


def test_images_among_labels_are_drawn_uniformly_over_images():
    members = sampling.members_among(LABELS, (1, 5), groups=400, size=17, random=generator())
    assert set(LABELS[members].ravel()) == {1, 5} and no_image_twice(members)
    assert (LABELS[members] == 1).mean() == pytest.approx(90 / 135, abs=0.03)


def test_images_among_labels_repeat_only_in_a_group_larger_than_they_are():
    assert no_image_twice(sampling.members_among(RARE, (1, 3), groups=20, size=6, random=generator()))
    members = sampling.members_among(RARE, (1, 3), groups=20, size=7, random=generator())
    assert members.shape == (20, 7) and set(RARE[members].ravel()) == {1, 3}


def test_random_groups_look_like_the_population():
    members = sampling.random_members(len(LABELS), groups=300, size=31, random=generator())
    shares = sampling.histogram(LABELS, members, range(10))
    assert members.shape == (300, 31) and no_image_twice(members)
    np.testing.assert_allclose(shares.mean(axis=0), np.bincount(LABELS) / len(LABELS), atol=0.015)


def test_a_random_group_may_be_the_whole_split():
    members = sampling.random_members(7, groups=5, size=7, random=generator())
    assert (np.sort(members, axis=1) == np.arange(7)).all()


def test_concentration_decides_how_skewed_groups_are():
    def largest_share(concentration: float) -> float:
        members = sampling.skewed_members(LABELS, 100, 41, concentration, generator())
        assert members.shape == (100, 41)
        return sampling.histogram(LABELS, members, range(10)).max(axis=1).mean()

    assert largest_share(0.001) > 0.95 > 0.6 > largest_share(0.5) > largest_share(1e6) > 0.1


def test_the_mean_proportions_of_skewed_groups_are_equal_for_all_labels():
    members = sampling.skewed_members(LABELS, 2000, 13, 1.0, generator())
    np.testing.assert_allclose(sampling.histogram(LABELS, members, range(10)).mean(axis=0), 0.1, atol=0.015)
    first_places = LABELS[members[:, 0]]  # a part of a group is as mixed as the whole
    np.testing.assert_allclose(np.bincount(first_places) / 2000, 0.1, atol=0.04)


def test_a_histogram_counts_shares():
    members = np.array([[0, 3, 4, 6], [1, 2, 5, 5]])  # labels 3 3 2 3 and 1 1 1 1
    np.testing.assert_array_equal(sampling.histogram(RARE, members, [1, 3, 9]), [[0, 0.75, 0], [1, 0, 0]])


def test_a_padded_place_has_no_part_in_a_histogram():
    members = np.array([[0, 4, -1, -1], [1, 2, 3, 6]])  # labels 3 2 and 1 1 3 3; the last image has label 3 too
    np.testing.assert_array_equal(sampling.histogram(RARE, members, [1, 2, 3]), [[0, 0.5, 0.5], [0.5, 0, 0.5]])


def test_groups_by_label_hold_one_value_each_and_no_value_twice():
    members = sampling.label_members(LABELS, groups=7, size=53, random=generator())  # 50 images of 3: too few
    assert members.shape == (7, 53) and no_image_twice(members)
    values = LABELS[members]
    assert (values == values[:, :1]).all() and len(set(values[:, 0])) == 7 and 3 not in values


def test_a_value_with_too_few_images_gives_a_padded_group_if_that_is_allowed():
    members = sampling.label_members(RARE, groups=9, size=3, random=generator(), least=1)
    assert sorted(map(tuple, np.sort(members).tolist())) == [(-1, -1, 4), (0, 3, 6), (1, 2, 5)]
    assert (np.sort(members < 0, axis=1) == (members < 0)).all()  # padding comes last
    assert len(sampling.label_members(RARE, groups=9, size=3, random=generator(), least=2)) == 2


@pytest.mark.parametrize("kind", ["series", "digit-sets"])
def test_a_category_of_digits_holds_no_other_digit(kind):
    for category in categories.digit_categories(kind):
        members = category.members(LABELS, groups=20, size=29, random=generator())
        assert members.shape == (20, 29)
        if kind == "digit-sets":
            assert set(LABELS[members].ravel()) == set(category.wanted) == set(categories.DIGIT_SETS[category.name])
        else:
            assert "".join(map(str, LABELS[members[0]])) in "".join(map(str, np.tile(category.wanted, 2)))


@pytest.mark.parametrize(("chosen", "names"), [((), ["1", "2", "3"]), (("3", "1"), ["3", "1"])])
def test_a_value_of_an_attribute_is_a_category(chosen, names):
    found = categories.value_categories(RARE, chosen)
    assert [category.name for category in found] == names
    for category in found:
        assert set(RARE[category.members(RARE, 3, 2, generator()).ravel()]) == {int(category.name)}
        np.testing.assert_array_equal(category.has(RARE), int(category.name) == RARE)


def test_the_generator_decides_everything():
    def drawn(seed: int) -> np.ndarray:
        return categories.digit_categories("series")[0].members(LABELS, 12, 11, generator(seed))

    np.testing.assert_array_equal(drawn(1), drawn(1))
    assert (drawn(1) != drawn(2)).mean() > 0.9


@pytest.mark.parametrize(
    ("draw", "told"),
    [
        (lambda: sampling.random_members(7, 1, 8, generator()), "8 needs more than the 7 images"),
        (lambda: sampling.skewed_members(RARE, 1, 8, 1.0, generator()), "8 needs more than the 7 images"),
        (lambda: sampling.skewed_members(RARE, 1, 3, 0.0, generator()), "above 0"),
        (lambda: sampling.label_members(RARE, 2, 4, generator()), r"No group has 4 images \(at most 3\)"),
        (lambda: sampling.members_with_labels(RARE, np.array([[1, 8, 9]]), generator()), "label 8, 9"),
        (lambda: sampling.members_among(RARE, (1, 7), 1, 2, generator()), "label 7"),
        (lambda: categories.digit_categories("series")[0].members(RARE, 1, 2, generator()), "No image has the label"),
        (lambda: categories.value_categories(RARE, ["1", "7"]), "No image is '7': the values are 1, 2, 3"),
        (lambda: categories.value_categories(RARE, ["1"]), "'1' alone"),
    ],
)
def test_what_cannot_be_drawn_is_the_users_error(draw, told):
    with pytest.raises(UserError, match=told):
        draw()


TRUTH = {
    "black_hair": np.array([True, False, True, False, False]),
    "blond_hair": np.array([False, True, True, False, False]),
    "age": np.array([0.1, 0.2, 0.3, 0.4, 0.5]),
}


def test_an_image_belongs_to_the_one_label_that_is_true_and_to_none_if_several_are():
    labels = categories.only_true(TRUTH, ["black_hair", "blond_hair"])
    assert list(labels) == ["black_hair", "blond_hair", *[categories.NO_CATEGORY] * 3]
    black, blond = categories.named_categories(["black_hair", "blond_hair"])
    np.testing.assert_array_equal(black.has(labels), [True, False, False, False, False])
    assert (blond.members(labels, 3, 2, generator()) == 1).all()


@pytest.mark.parametrize("name", ["age", "red_hair"])
def test_a_label_that_is_not_true_or_false_is_told_with_those_that_are(name):
    with pytest.raises(UserError, match=f"'{name}' is not one: black_hair, blond_hair"):
        categories.only_true(TRUTH, ["black_hair", name])
