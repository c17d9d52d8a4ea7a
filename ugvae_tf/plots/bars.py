"""Horizontal bars with their values, one row a bar."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ugvae_tf.plots.page import WIDTH, Legend, finished
from ugvae_tf.plots.palette import COLOURS, GREY, INK
from ugvae_tf.plots.text import NORMAL, label

NAME = 2.9  # inches of the longest name
COLOURS_OF = {"learned": COLOURS[0], "floor": GREY, "ceiling": COLOURS[6], "data": COLOURS[6]}
MEANINGS = {
    "learned": "of the model",
    "floor": "floor: nothing is learned",
    "ceiling": "ceiling: the truth is given",
    "data": "real images",
}


class Bar(NamedTuple):
    """A value, its 95 % interval if there is one, and its kind: one of COLOURS_OF."""

    value: float
    low: float | None = None
    high: float | None = None
    kind: str = "learned"

    @classmethod
    def of(cls, metrics: Mapping[str, float], name: str, kind: str = "learned", mean: str = "") -> "Bar":
        """From the metrics `name` (with `mean` at its end), `name_low` and `name_high`."""
        return cls(metrics[f"{name}{mean}"], metrics[f"{name}_low"], metrics[f"{name}_high"], kind)

    @property
    def ends(self) -> tuple[float, float]:
        """The ends of the interval, or the value twice."""
        return (self.value if self.low is None else self.low), (self.value if self.high is None else self.high)

    def text(self, form: str) -> str:
        """The value with its interval."""
        value = format(self.value, form)
        if self.low is None or self.high is None:
            return value
        return f"{value} ({format(self.low, form)} to {format(self.high, form)})"


def bars(
    rows: Mapping[str, Bar],
    heading: str,
    caption: str,
    x_title: str,
    limits: tuple[float | None, float | None] = (0.0, 1.0),
    chance: float | None = None,
    form: str = ".2f",
) -> Figure:
    """A bar from 0 for each row, first one on top, its value at the right; a bar below 0 goes to the left.

    Args:
        limits: of the axis; None is as far as the values go. A bar beyond a limit ends in an arrow.
        chance: where a dotted line is.
    """
    names = [label(name, NAME) for name in rows]
    figure = Figure((WIDTH, _height(names)), layout="constrained")
    axes = figure.add_subplot()
    low, high = _limits(rows, limits, chance)
    for place, bar in enumerate(rows.values()):
        _draw(axes, place, bar, (low, high))
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_xlim(low, high)
    label_rows(axes, names, [bar.text(form) for bar in rows.values()], x_title)
    handles, meanings = _legend(rows)
    if chance is not None:
        axes.axvline(chance, color="black", linestyle=":", linewidth=1.2)
        handles.append(Line2D([], [], color="black", linestyle=":"))
        meanings.append(f"chance: {format(chance, form)}")
    return finished(figure, heading, caption, Legend(handles, meanings))


def points(rows: Mapping[str, Bar], heading: str, caption: str, x_title: str, form: str = ".1f") -> Figure:
    """As `bars`, for values whose zero has no meaning: a dot with its interval in each row."""
    names = [label(name, NAME) for name in rows]
    figure = Figure((WIDTH, _height(names)), layout="constrained")
    axes = figure.add_subplot()
    for place, bar in enumerate(rows.values()):
        axes.hlines(place, *bar.ends, color="black", linewidth=1.4)
        axes.plot(bar.value, place, marker="o", color=COLOURS_OF[bar.kind], markersize=8)
    axes.margins(x=0.1)
    label_rows(axes, names, [bar.text(form) for bar in rows.values()], x_title)
    axes.grid(axis="x", color=GREY, linewidth=0.4)
    return finished(figure, heading, caption)


def _height(names: list[str]) -> float:
    """Inches of the rows, all as high as the longest name needs, and of the axis below them."""
    return 0.55 + len(names) * (0.24 + 0.14 * max(name.count("\n") for name in names))


def _limits(
    rows: Mapping[str, Bar], limits: tuple[float | None, float | None], chance: float | None
) -> tuple[float, float]:
    ends = [end for bar in rows.values() for end in bar.ends] + ([] if chance is None else [chance])
    low, high = min(0.0, *ends), max(0.0, *ends)
    return (max(low, limits[0]) if limits[0] is not None else 1.05 * low), (limits[1] or 1.05 * high)


def _draw(axes: Axes, place: int, bar: Bar, limits: tuple[float, float]) -> None:
    value = float(np.clip(bar.value, *limits))
    axes.barh(place, value, 0.7, color=COLOURS_OF[bar.kind])
    if bar.low is not None:
        axes.hlines(place, *np.clip(bar.ends, *limits), color="black", linewidth=1.4)
    if value != bar.value:
        marker, inwards = ("<", 0.015) if bar.value < value else (">", -0.015)
        axes.plot(value + inwards * (limits[1] - limits[0]), place, marker=marker, markersize=6, color="white")


def label_rows(axes: Axes, names: Sequence[str], values: Sequence[str], x_title: str) -> None:
    """Rows from the top, with their names at the left and their values at the right."""
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_yticks(range(len(names)), names, fontsize=NORMAL)
    axes.set_xlabel(x_title, fontsize=NORMAL)
    axes.tick_params(axis="x", labelsize=NORMAL)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    right = axes.secondary_yaxis("right")
    right.set_yticks(range(len(values)), values, fontsize=NORMAL, color=INK)
    right.tick_params(length=0)
    right.spines[:].set_visible(False)


def _legend(rows: Mapping[str, Bar]) -> tuple[list[Patch | Line2D], list[str]]:
    """An entry for each kind, in the order of the bars; none if there is one kind only."""
    kinds = list(dict.fromkeys(bar.kind for bar in rows.values()))
    kinds = kinds if len(kinds) > 1 else []
    return [Patch(color=COLOURS_OF[kind]) for kind in kinds], [MEANINGS[kind] for kind in kinds]
