"""Principal axes: against the covariance that the codes were drawn with."""

import numpy as np
import pytest

from ugvae_tf.evaluation.principal_axes import REACH, PrincipalAxis

DIRECTIONS = np.linalg.qr(np.random.default_rng(1).normal(size=(4, 4)))[0]


def codes(count: int = 20_000) -> np.ndarray:
    """Deviations of 3, 2, 1 and 0 along DIRECTIONS, around a mean of 5."""
    return 5 + np.random.default_rng(0).normal(size=(count, 4)) * [3, 2, 1, 0] @ DIRECTIONS.T


@pytest.mark.parametrize(("number", "stddev"), list(enumerate([3, 2, 1, 0])))
def test_the_axes_are_those_of_the_covariance_in_descending_order(number, stddev):
    axis = PrincipalAxis.of(codes(), number)
    assert abs(axis.direction @ DIRECTIONS[:, number]) == pytest.approx(1, abs=1e-3)
    assert axis.stddev == pytest.approx(stddev, abs=0.05) and axis.share == pytest.approx(stddev**2 / 14, abs=0.02)
    np.testing.assert_allclose(axis.mean, 5, atol=0.1)
    assert axis.direction[np.abs(axis.direction).argmax()] > 0


def test_a_traversal_goes_two_deviations_to_either_side():
    axis = PrincipalAxis.of(codes())
    offsets = axis.offsets(5)
    np.testing.assert_allclose(offsets @ axis.direction, np.array([-2, -1, 0, 1, 2]) * axis.stddev)
    np.testing.assert_allclose(np.linalg.norm(offsets[-1]), REACH * axis.stddev)


def test_codes_that_do_not_vary_do_not_move():
    axis = PrincipalAxis.of(np.ones((3, 2)))
    assert axis.share == 0 and (axis.offsets(3) == 0).all()
    one = PrincipalAxis.of(np.array([[0.0], [2.0]]))  # a single dimension
    assert one.share == 1 and one.stddev == pytest.approx(np.sqrt(2)) and one.direction == [1]
