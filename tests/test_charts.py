"""Charts draw what they are given, with its numbers, in one order, and explain themselves."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from ugvae_tf.plots.bars import COLOURS_OF, Bar, bars, points
from ugvae_tf.plots.curves import curves, training_curves
from ugvae_tf.plots.dots import dots
from ugvae_tf.plots.histograms import histograms
from ugvae_tf.plots.maps import TSNE, scatter
from ugvae_tf.plots.matrix import count_matrix
from ugvae_tf.plots.palette import style
from ugvae_tf.plots.ranges import ranges


def legend(figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def right_of(axes) -> list[str]:
    """The values at the right of the rows."""
    return [text.get_text() for text in axes.child_axes[0].get_yticklabels()]


def widths(figure) -> list[float]:
    return [bar.get_width() for bar in figure.axes[0].patches]


def words(figure) -> str:
    return " ".join(text.get_text() for text in figure.texts).replace("\n", " ")


def test_a_negative_value_is_a_negative_bar():
    figure = bars({"a": Bar(0.5), "b": Bar(-0.4)}, "h", "c", "x", limits=(-1, 1))
    assert widths(figure) == [0.5, -0.4]
    assert figure.axes[0].get_xlim() == (-0.4, 1)
    assert bars({"a": Bar(0.5)}, "h", "c", "x", limits=(-1, 1)).axes[0].get_xlim() == (0, 1)


def test_a_bar_beyond_the_axis_ends_at_it_and_keeps_its_number():
    axes = bars({"a": Bar(-30.0, -31.0, -29.0)}, "h", "c", "x", limits=(-1, 1)).axes[0]
    assert axes.get_xlim() == (-1, 1) and axes.patches[0].get_width() == -1
    assert right_of(axes) == ["-30.00 (-31.00 to -29.00)"]
    assert [line.get_marker() for line in axes.lines if line.get_marker() != "None"] == ["<"]


def test_bars_come_from_the_top_with_their_intervals_and_numbers():
    metrics = {"a_mean": 0.7, "a_low": 0.65, "a_high": 0.8, "b_mean": 0.6, "b_low": 0.5, "b_high": 0.6}
    rows = {"first": Bar.of(metrics, "a", mean="_mean"), "second": Bar.of(metrics, "b", mean="_mean")}
    axes = bars(rows, "h", "c", "x").axes[0]
    places = [bar.get_y() + bar.get_height() / 2 for bar in axes.patches]
    assert places == pytest.approx([0, 1]) and axes.yaxis_inverted()
    assert [text.get_text() for text in axes.get_yticklabels()] == ["first", "second"]
    assert right_of(axes) == ["0.70 (0.65 to 0.80)", "0.60 (0.50 to 0.60)"]
    ends = [lines.get_segments()[0][:, 0] for lines in axes.collections]
    np.testing.assert_allclose(ends, [[0.65, 0.8], [0.5, 0.6]])


def test_the_legend_has_the_order_of_the_bars():
    rows = {"a": Bar(1.0, kind="ceiling"), "b": Bar(0.5), "c": Bar(0.2, kind="floor"), "d": Bar(0.1)}
    figure = bars(rows, "h", "c", "x", chance=0.25)
    assert legend(figure) == [
        "ceiling: the truth is given",
        "of the model",
        "floor: nothing is learned",
        "chance: 0.25",
    ]
    drawn = [to_hex(bar.get_facecolor()).upper() for bar in figure.axes[0].patches]
    assert drawn == [COLOURS_OF[row.kind] for row in rows.values()]
    assert not bars({"a": Bar(0.5)}, "h", "c", "x").legends


def test_points_have_no_zero():
    axes = points({"a": Bar(520.0, 515.0, 525.0), "b": Bar(530.0, 529.0, 531.0)}, "h", "c", "x").axes[0]
    assert 510 < axes.get_xlim()[0] < 515
    assert right_of(axes) == ["520.0 (515.0 to 525.0)", "530.0 (529.0 to 531.0)"]


def test_dots_are_where_their_values_are_and_arrows_beyond_the_axis():
    series = {"code": np.array([0.5, -3.0]), "floor": np.array([0.25, 0.0])}
    axes = dots(["a", "b"], series, "h", "c", "x", (-1.0, 1.0)).axes[0]
    found = [each.get_offsets().tolist() for each in axes.collections[1:]]
    assert found == [[[0.5, 0]], [[-1, 1]], [], [[0.25, 0], [0, 1]], [], []]  # of each series, those below, those above
    assert right_of(axes) == ["0.50  /  0.25", "-3.00  /  0.00"]


def test_ranges_are_filled_to_the_lower_and_hatched_to_the_upper_bound():
    axes = ranges({"whole": (9.0, 9.0), "part": (2.0, 5.0)}, "h", "c", "x").axes[0]
    spans = [(bar.get_x(), bar.get_width(), bar.get_hatch() is not None) for bar in axes.patches]
    assert spans == [(0, 9, False), (0, 2, False), (9, 0, True), (2, 3, True)]
    assert right_of(axes) == ["9.00", "2.00 to 5.00"]


def test_unused_components_are_left_out_and_named():
    figure = count_matrix(np.array([[0, 3, 0], [0, 1, 2000]]), ["a", "b"], "h", "c")
    axes = figure.axes[0]
    np.testing.assert_allclose(axes.images[0].get_array(), [[0.75, 0], [0.25, 1]])
    assert [text.get_text() for text in axes.get_xticklabels()] == ["1  (4)", "2  (2,000)"]
    assert "2 of 3 components" in words(figure) and "left out: 0." in words(figure)


def test_a_map_says_what_its_axes_mean_and_where_paths_begin():
    points_, path = np.arange(12.0).reshape(6, 2), np.array([[0.0, 0.0], [1.0, 2.0], [3.0, 3.0]])
    figure = scatter(points_, np.array(["b", "random", "a", "a", "b", "random"]), "h", "Each is a group of 9.", [path])
    assert legend(figure) == ["a", "b", "random", "path", "start of a path", "end of a path"]
    assert "Each is a group of 9." in words(figure) and TSNE in words(figure)
    ends = [line for line in figure.axes[0].lines if len(line.get_xydata()) == 1]
    assert [line.get_markerfacecolor() for line in ends] == ["white", "black"]
    np.testing.assert_allclose([line.get_xydata()[0] for line in ends], path[[0, -1]])


def test_every_point_of_a_map_is_drawn_once():
    points_ = np.random.default_rng(0).normal(size=(50, 2))
    axes = scatter(points_, np.arange(50) % 3, "h", "c").axes[0]
    drawn = np.concatenate([each.get_offsets() for each in axes.collections])
    np.testing.assert_allclose(np.sort(drawn, axis=0), np.sort(points_, axis=0))


def test_no_two_of_sixty_two_categories_look_alike():
    assert len({style(place) for place in range(100)}) == 100


def test_the_legend_of_curves_has_the_order_of_their_ends():
    def line(end: float) -> np.ndarray:
        return np.array([[1, 0, 0, 0], [3, end, end - 1, end + 1]])

    figure = curves({"low": line(1.0), "high": line(5.0)}, "h", "c", ("x", "y"), chance=np.array([[1, 0.5], [3, 0.5]]))
    assert legend(figure) == ["high: 5", "low: 1", "chance"]


def test_history_has_full_names_and_the_loss_first():
    names = ("kl_beta", "kl_d", "kl_z", "log_px", "loss")
    history = {f"{side}{name}": np.arange(3.0) for side in ("", "val_") for name in names} | {"epoch": np.arange(3)}
    figure = training_curves(history, "h")
    titles = [axes.get_title(loc="left").replace("\n", " ") for axes in figure.axes]
    assert titles[0].startswith("loss: minus the objective") and titles[1].startswith("reconstruction")
    for title, name in zip(titles[2:], ("z", "the component d", "beta"), strict=True):
        assert title == f"KL divergence of {name} from its prior last: 2 training, 2 validation"
    assert {axes.get_ylabel() for axes in figure.axes} == {"nats per image"}
    assert figure.axes[0].get_position().width > 1.5 * figure.axes[1].get_position().width
    assert legend(figure) == ["training images", "validation images"]


def test_histograms_stand_beside_each_other():
    figure = histograms(np.array([[0.2, 0.8]]), np.array([[0.5, 0.5]]), ["a", "b"], "h", "c", "label")
    assert [bar.get_height() for bar in figure.axes[0].patches] == [0.2, 0.8, 0.5, 0.5]
    assert legend(figure) == ["given images", "generated images"]
