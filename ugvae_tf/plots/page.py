"""The page around a chart or picture: a heading above it, a legend, and a caption below."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.text import Text

from ugvae_tf.plots.palette import INK
from ugvae_tf.plots.text import LARGE, NORMAL, height, label, widest, wrapped

WIDTH = 7.5  # inches of a page
DPI = 240  # twice the 120 dots in an inch of a large screen
MARGIN = 0.1  # inches
LONGEST = 3.2  # inches of a legend's text
HANDLE = 0.45  # inches of a legend's entry beside its text
ENTRY = 0.19  # inches of a line of a legend
STYLE = {
    "frameon": False,
    "fontsize": NORMAL,
    "borderpad": 0,
    "borderaxespad": 0,
    "labelspacing": 0.3,
    "handlelength": 1.6,
    "handletextpad": 0.5,
    "columnspacing": 1.2,
}


class Legend(NamedTuple):
    """Handles and their texts, in the order of the marks in the figure."""

    handles: Sequence[Any] = ()
    names: Sequence[str] = ()


def finished(figure: Figure, heading: str, caption: str = "", legend: Legend = Legend()) -> Figure:  # noqa: B008
    """The figure with a heading, a legend and a caption; its content keeps its size, and the page grows.

    Args:
        heading: what the figure shows.
        caption: how to read it.
    """
    across, content = figure.get_size_inches()
    inner = across - 2 * MARGIN
    heading, caption = wrapped(heading, inner, LARGE, "bold"), wrapped(caption, inner, NORMAL)
    names = [label(name, LONGEST, lines=1) for name in legend.names]
    columns = _columns(names, inner)
    above = 2 * MARGIN + height(heading, LARGE) + -(-len(names) // columns) * ENTRY
    below = height(caption, NORMAL) + (2 * MARGIN if caption else 0.0)
    whole = above + content + below
    figure.set_size_inches(across, whole)
    _place(figure, below / whole, content / whole)
    left = MARGIN / across
    figure.text(left, 1 - MARGIN / whole, heading, fontsize=LARGE, weight="bold", va="top")
    figure.text(left, MARGIN / whole, caption, fontsize=NORMAL, color=INK, va="bottom")
    if names:
        corner = left, (below + content) / whole
        figure.legend(legend.handles, names, loc="lower left", bbox_to_anchor=corner, ncols=columns, **STYLE)
    for text in figure.findobj(Text):
        text.set_parse_math(False)  # a name may contain dollars
    return figure


def _columns(names: Sequence[str], inches: float) -> int:
    """The most columns of a legend that fit; they are filled one after the other, as matplotlib does."""
    for columns in range(len(names), 1, -1):
        parts = [names[part[0] : part[-1] + 1] for part in np.array_split(range(len(names)), columns)]
        if sum(widest(part, NORMAL) + HANDLE for part in parts) <= inches:
            return columns
    return 1


def _place(figure: Figure, bottom: float, share: float) -> None:
    """Move the content between caption and heading."""
    if figure.get_layout_engine() is not None:
        figure.set_layout_engine("constrained", rect=(0, bottom, 1, share))
        return
    for axes in figure.axes:
        x, y, wide, tall = axes.get_position().bounds
        axes.set_position((x, bottom + y * share, wide, tall * share))


def write(figure: Figure, path: Path) -> None:
    """Write a figure as a PNG file."""
    figure.savefig(path, dpi=DPI)
