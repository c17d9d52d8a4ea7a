"""Charts draw what they are given."""

import numpy as np
import pytest

from ugvae_tf.plots import charts

DRAWS, FEATURES = {"random": "random groups", "skewed": "skewed groups"}, {"beta_mean": "beta", "pca": "floor"}


def r2(value: float) -> dict[str, float]:
    return {f"{draw}_{feature}_r2_{label}": value for draw in DRAWS for feature in FEATURES for label in "ab"}


def heights(figure) -> list[float]:
    return [bar.get_height() for axes in figure.axes for bar in axes.patches]


def test_a_negative_r2_is_drawn_as_negative():
    figure = charts.composition_bars(r2(0.5) | {"skewed_pca_r2_b": -0.4}, DRAWS, FEATURES, "title")
    assert heights(figure) == [0.5] * 7 + [-0.4]
    assert all(axes.get_ylim() == (-0.4, 1) for axes in figure.axes)


def test_an_axis_of_positive_r2_begins_at_zero_and_one_of_very_negative_r2_ends():
    assert charts.composition_bars(r2(0.5), DRAWS, FEATURES, "title").axes[0].get_ylim() == (0, 1)
    assert charts.composition_bars(r2(-30.0), DRAWS, FEATURES, "title").axes[0].get_ylim() == (-1, 1)


def test_ends_of_intervals_and_p_values_are_no_labels():
    ends = {f"random_beta_mean_r2_mean_{end}": 0.3 for end in ("low", "high", "permutation_p")}
    figure = charts.composition_bars(r2(0.5) | ends, DRAWS, FEATURES, "title")
    assert [text.get_text() for text in figure.axes[0].get_xticklabels()] == ["a", "b"]


def test_bars_of_accuracies_have_their_intervals():
    metrics = {f"a{end}_{side}": value for end, value in (("", 0.7), ("_r", 0.6)) for side in ("mean",)}
    metrics |= {"a_low": 0.65, "a_high": 0.8, "a_r_low": 0.5, "a_r_high": 0.6}
    metrics |= {"majority_baseline_mean": 0.5, "majority_baseline_with_random_mean": 0.33}
    figure = charts.accuracy_bars({"beta": ("a", "a_r")}, metrics, "title\nverdict")
    ends = [lines.get_segments()[0][:, 0] for lines in figure.axes[0].collections]
    np.testing.assert_allclose(ends, [[0.65, 0.8], [0.5, 0.6]])
    assert [bar.get_width() for bar in figure.axes[0].patches] == pytest.approx([0.7, 0.6])
