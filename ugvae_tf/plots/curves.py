"""Curves with their intervals."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator

from ugvae_tf.plots.page import WIDTH, Legend, finished
from ugvae_tf.plots.palette import COLOURS, GREY, style
from ugvae_tf.plots.text import NORMAL, wrapped

TERMS = {  # columns of history.csv
    "loss": "loss: minus the objective (by default the bound), lower is better",
    "log_px": "reconstruction: log p(x | z, beta), higher is better",
    "kl_z": "KL divergence of z from its prior",
    "kl_d": "KL divergence of the component d from its prior",
    "kl_beta": "KL divergence of beta from its prior",
}
UNIT = "nats per image"


def curves(
    lines: Mapping[str, np.ndarray],
    heading: str,
    caption: str,
    titles: tuple[str, str],
    chance: np.ndarray | None = None,
    limits: tuple[float | None, float | None] = (None, None),
    level: float | None = None,
) -> Figure:
    """Curves over an axis that counts in ratios; those that end higher come first in the legend, with their last value.

    Args:
        lines: name of each curve -> [points, 4]: x, y and the ends of y's interval.
        titles: of the x and of the y axis.
        chance: [points, 2], a dotted curve.
        level: where a horizontal line is.
    """
    figure = Figure((WIDTH, 3.6), layout="constrained")
    axes = figure.add_subplot()
    order = sorted(lines, key=lambda name: -lines[name][-1, 1])
    handles = []
    for place, name in enumerate(lines):
        x, y, low, high = lines[name].T
        colour, marker = style(place)
        x = x * 1.015 ** (place - (len(lines) - 1) / 2)  # beside each other, so that no interval hides another
        errors = np.maximum([y - low, high - y], 0)
        handles.append(
            axes.errorbar(x, y, yerr=errors, color=colour, marker=marker, capsize=3, linewidth=1.4, markersize=6)
        )
    of_name = dict(zip(lines, handles, strict=True))
    legend = Legend([of_name[name] for name in order], [f"{name}: {lines[name][-1, 1]:.3g}" for name in order])
    if chance is not None:
        handle = axes.plot(*chance.T, color="black", linestyle=":")[0]
        legend = Legend([*legend.handles, handle], [*legend.names, "chance"])
    _ratio_axis(axes, sorted({x for points in lines.values() for x in points[:, 0]}))
    axes.set_xlabel(titles[0], fontsize=NORMAL)
    axes.set_ylabel(titles[1], fontsize=NORMAL)
    axes.set_ylim(*limits)
    if level is not None:
        axes.axhline(level, color="black", linewidth=0.8)
    _tidy(axes)
    return finished(figure, heading, caption, legend)


def _ratio_axis(axes: Axes, ticks: list[float]) -> None:
    axes.set_xscale("log")
    axes.set_xticks(ticks, [f"{x:g}" for x in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.margins(x=0.06)


def _tidy(axes: Axes) -> None:
    axes.tick_params(labelsize=NORMAL)
    axes.grid(axis="y", color=GREY, linewidth=0.4)
    axes.spines[["top", "right"]].set_visible(False)


def training_curves(history: Mapping[str, np.ndarray], heading: str) -> Figure:
    """Loss, then the terms of the bound by epoch, on training and validation images.

    Args:
        history: `epoch` from 0, and for each quantity `name` and `val_name`, in nats per image.
    """
    found = [name for name in history if name != "epoch" and not name.startswith("val_")]
    names = [*(name for name in TERMS if name in found), *(name for name in found if name not in TERMS)]
    rows = 2 + len(names) // 2  # the loss takes two
    figure = Figure((WIDTH, 1.9 * rows), layout="constrained")
    grid = figure.add_gridspec(rows, 2)
    for place, name in enumerate(names):
        cell = grid[:2, :] if place == 0 else grid[2 + (place - 1) // 2, (place - 1) % 2]
        _draw_term(figure.add_subplot(cell), history, name)
    caption = "The bound on log p(x) is the reconstruction term minus the divergences."
    return finished(figure, heading, caption, Legend(figure.axes[0].lines, ["training images", "validation images"]))


def _draw_term(axes: Axes, history: Mapping[str, np.ndarray], name: str) -> None:
    epochs = history["epoch"] + 1
    marker = "o" if len(epochs) == 1 else None
    axes.plot(epochs, history[name], color=COLOURS[0], marker=marker, linewidth=1.6)
    axes.plot(epochs, history[f"val_{name}"], color=COLOURS[1], linestyle="--", marker=marker, linewidth=1.6)
    last = f"last: {history[name][-1]:.5g} training, {history[f'val_{name}'][-1]:.5g} validation"
    axes.set_title(wrapped(f"{TERMS.get(name, name)}\n{last}", 3.2, NORMAL), fontsize=NORMAL, loc="left")
    axes.set_xlabel("epoch", fontsize=NORMAL)
    axes.set_ylabel(UNIT, fontsize=NORMAL)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    _tidy(axes)
