"""Disjoint draws of two sets of images of each group."""

import numpy as np
import pytest

from ugvae_tf.evaluation import disjoint

VALUES = np.repeat([5, 7, 9, 11], [8, 3, 6, 8])
CONTENTS = np.array([*"abcdefgh", *"abc", *"aabbcd", *"hgfedcba"])


def random() -> np.random.Generator:
    return np.random.default_rng(0)


def test_queries_and_references_are_of_one_group_and_share_no_image():
    queries, references = disjoint.any_images(VALUES, 3, random())
    assert queries.shape == references.shape == (3, 3)  # the group of 3 images is left out
    both = np.concatenate([queries, references], axis=1)
    assert all(len(set(row)) == 6 for row in both)
    assert (VALUES[both] == VALUES[both[:, :1]]).all()


@pytest.mark.parametrize("same", [True, False])
def test_no_content_is_in_both_sets_of_a_group(same):
    queries, references = disjoint.other_contents(VALUES, CONTENTS, 2, random(), same)
    both = CONTENTS[np.concatenate([queries, references], axis=1)]
    assert all(len(set(row)) == 4 for row in both)
    assert (VALUES[queries] == VALUES[references]).all()


def test_the_same_contents_are_those_of_every_group_and_others_are_not():
    queries, references = disjoint.other_contents(VALUES, CONTENTS, 3, random(), same=True)
    assert len(queries) == 2  # only groups with all six contents
    assert (CONTENTS[queries] == CONTENTS[queries[0]]).all()
    assert (CONTENTS[references] == CONTENTS[references[0]]).all()
    own, _ = disjoint.other_contents(VALUES, CONTENTS, 3, random(), same=False)
    assert (CONTENTS[own[0]] != CONTENTS[own[1]]).any()


def test_no_group_is_large_enough():
    queries, references = disjoint.any_images(VALUES, 5, random())
    assert queries.shape == references.shape == (0, 5)


def test_the_typical_count_is_a_median_of_images_or_contents():
    assert disjoint.typical_count(VALUES, None) == 7
    assert disjoint.typical_count(VALUES, CONTENTS) == 6  # 8, 3, 4, 8
