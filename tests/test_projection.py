"""The map of codes by t-SNE."""

import numpy as np
import pytest

from ugvae_tf.errors import UserError
from ugvae_tf.evaluation.projection import tsne


@pytest.mark.parametrize("size", [1, 2, 5])
def test_codes_of_any_size_have_a_map_in_which_far_groups_are_apart(size):
    codes = np.repeat([[0.0], [100.0]], 7, axis=0) + np.random.default_rng(0).normal(size=(14, size))
    places = tsne(codes, seed=0)
    assert places.shape == (14, 2) and np.isfinite(places).all()
    first, second = places[:7], places[7:]
    apart = np.linalg.norm(first.mean(axis=0) - second.mean(axis=0))
    assert apart > max(np.linalg.norm(each - each.mean(axis=0), axis=1).max() for each in (first, second))


def test_three_points_are_too_few():
    with pytest.raises(UserError, match="at least 4 points, and here are 3"):
        tsne(np.zeros((3, 2)), seed=0)
