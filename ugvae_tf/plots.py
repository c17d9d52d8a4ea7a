"""Figures from arrays; nothing here saves, loads or encodes."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

# Okabe and Ito's palette, which colour-blind readers can tell apart.
MARKERS = "os^DvPX*hp"
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442")


def image_grid(
    images: np.ndarray, title: str, row_labels: Sequence[str] = (), column_title: str = "", row_title: str = ""
) -> Figure:
    """Images in rows and columns, as one picture with thin gaps.

    Args:
        images: [rows, columns, H, W, C] in [0, 1], one or three channels.
        row_labels: one for each row, or none.
        column_title: what changes from left to right.
        row_title: what changes from top to bottom.
    """
    rows, columns, height, width, _ = images.shape
    figure = Figure(figsize=(1.4 + 0.5 * columns * width / height, 1.1 + 0.5 * rows), layout="constrained")
    axes = figure.add_subplot()
    picture = _draw_images(axes, images)
    axes.set_title(title, fontsize=11)
    axes.set_xlabel(column_title)
    axes.set_ylabel(row_title)
    axes.set_yticks((np.arange(len(row_labels)) + 0.5) * len(picture) / rows - 0.5, row_labels)
    return figure


def grid_of_grids(grids: np.ndarray, title: str, columns: int = 5) -> Figure:
    """A small picture of a grid for every component.

    Args:
        grids: [K, rows, columns, H, W, C] in [0, 1].
    """
    rows = -(-len(grids) // columns)
    figure = Figure(figsize=(1.9 * columns, 0.5 + 2.1 * rows), layout="constrained")
    figure.suptitle(title)
    for component, axes in enumerate(figure.subplots(rows, columns, squeeze=False).flat):
        if component < len(grids):
            _draw_images(axes, grids[component])
            axes.set_title(f"d = {component}", fontsize=9)
        else:
            axes.set_axis_off()
    return figure


def _draw_images(axes: Axes, images: np.ndarray) -> np.ndarray:
    """Draw images [rows, columns, H, W, C] with thin gaps; returns the picture [height, width, C]."""
    rows, columns, height, width, channels = images.shape
    gap = max(1, height // 14)
    padded = np.pad(images, ((0, 0), (0, 0), (gap, gap), (gap, gap), (0, 0)), constant_values=0.5)
    tall, wide = height + 2 * gap, width + 2 * gap
    picture = padded.transpose(0, 2, 1, 3, 4).reshape(rows * tall, columns * wide, channels).clip(0, 1)
    axes.imshow(picture[..., 0] if channels == 1 else picture, cmap="gray", vmin=0, vmax=1)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return picture


def scatter(points: np.ndarray, categories: np.ndarray, title: str, path: np.ndarray | None = None) -> Figure:
    """Points in the plane by category, told apart by colour and by marker; a path drawn over them.

    Args:
        points: [N, 2]
        categories: [N] names; "random" is drawn in grey, below the others.
        path: [steps, 2], or none.
    """
    figure = Figure(figsize=(6.4, 4.8), layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(title, fontsize=11)
    names = sorted(set(categories), key=lambda name: (name != "random", name))
    for place, name in enumerate(names):
        chosen = points[categories == name]
        grey = name == "random"
        colour, marker = ("#BBBBBB", "o") if grey else (COLOURS[place % len(COLOURS)], MARKERS[place % len(MARKERS)])
        axes.scatter(*chosen.T, s=16, color=colour, marker=marker, linewidths=0.6, label=name)
    if path is not None:
        axes.plot(*path.T, color="black", marker="o", markersize=4, linewidth=1.2, label="path")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    return figure


def accuracy_bars(bars: Mapping[str, tuple[str, str]], metrics: Mapping[str, float], title: str) -> Figure:
    """Pairs of bars, without and with "random", with their spread and the majority baselines.

    Args:
        bars: label of each pair, and the names of its two metrics, which have a `_mean` and a `_std`.
    """
    figure = Figure(figsize=(8, 4.6), layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(title, fontsize=11)
    for side, (meaning, baseline) in enumerate(
        {"categories alone": "majority_baseline_mean", 'with "random"': "majority_baseline_with_random_mean"}.items()
    ):
        means = [metrics[f"{pair[side]}_mean"] for pair in bars.values()]
        spreads = [metrics[f"{pair[side]}_std"] for pair in bars.values()]
        places = np.arange(len(bars)) + 0.4 * (0.5 - side)
        axes.barh(places, means, 0.38, xerr=spreads, color=COLOURS[side], label=meaning)
        axes.axvline(metrics[baseline], color=COLOURS[side], linestyle=":", label=f"majority, {meaning}")
    axes.set_yticks(range(len(bars)), list(bars), fontsize=8)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.02)
    axes.set_xlabel("test accuracy")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False, fontsize=8)
    return figure


def composition_bars(
    metrics: Mapping[str, float], draws: Mapping[str, str], features: Mapping[str, str], title: str
) -> Figure:
    """R2 of each label, a panel for each way of drawing groups and a bar for each code."""
    figure = Figure(figsize=(8.5, 3.4), layout="constrained")
    figure.suptitle(title, fontsize=11)
    for axes, (draw, meaning) in zip(figure.subplots(1, len(draws), sharey=True), draws.items(), strict=True):
        prefix = f"{draw}_{next(iter(features))}_r2_"
        labels = [name.removeprefix(prefix) for name in metrics if name.startswith(prefix)]
        for side, (feature, legend) in enumerate(features.items()):
            heights = [max(0.0, metrics[f"{draw}_{feature}_r2_{label}"]) for label in labels]
            axes.bar(np.arange(len(labels)) + 0.4 * (side - 0.5), heights, 0.38, color=COLOURS[side], label=legend)
        axes.set_title(meaning, fontsize=10)
        axes.set_xticks(range(len(labels)), labels)
        axes.set_xlabel("label")
        axes.set_ylim(0, 1)
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].set_ylabel("held-out R2")
    figure.axes[-1].legend(frameon=False, fontsize=8, loc="lower right")
    return figure


def count_matrix(counts: np.ndarray, labels: Sequence[str], title: str) -> Figure:
    """Images of each label [labels, K] in each component, as shares of the component."""
    shares = counts / counts.sum(axis=0).clip(1)
    order = np.lexsort((-shares.max(axis=0), shares.argmax(axis=0)))
    figure = Figure(figsize=(1.6 + 0.22 * counts.shape[1], 1.4 + 0.25 * len(labels)), layout="constrained")
    axes = figure.add_subplot()
    picture = axes.imshow(shares[:, order], cmap="cividis", vmin=0, vmax=1, aspect="auto")
    axes.set_title(title, fontsize=11)
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylabel("label")
    axes.set_xticks(range(counts.shape[1]), order, fontsize=6, rotation=90)
    axes.set_xlabel("component d, sorted by its main label")
    figure.colorbar(picture, label="share of the component's images")
    return figure


def bounds(values: Sequence[float], errors: Sequence[float], names: Sequence[str]) -> Figure:
    """Lower bounds of log p(X), from the loosest to the tightest, with their standard errors."""
    figure = Figure(figsize=(5.6, 3.4), layout="constrained")
    axes = figure.add_subplot()
    axes.errorbar(range(len(values)), values, yerr=errors, color=COLOURS[0], marker="o", capsize=4)
    axes.set_title("Lower bounds of log p(X) of held-out groups", fontsize=11)
    axes.set_xticks(range(len(names)), [name.replace("iw_", "importance weighted,\nsamples ") for name in names])
    axes.set_ylabel("nats per image")
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def training_curves(history: Mapping[str, np.ndarray], title: str) -> Figure:
    """Loss and terms of the bound by epoch, on training and held-out images.

    Args:
        history: `epoch` from 0, and for each quantity `name` and `val_name`, in nats per image.
    """
    names = [name for name in history if name != "epoch" and not name.startswith("val_")]
    figure = Figure(figsize=(2.4 * len(names), 2.9), layout="constrained")
    figure.suptitle(title)
    for axes, name in zip(figure.subplots(1, len(names)), names, strict=True):
        axes.plot(history["epoch"] + 1, history[name], color=COLOURS[0], label="training")
        axes.plot(history["epoch"] + 1, history[f"val_{name}"], color=COLOURS[1], linestyle="--", label="held out")
        axes.set_title(name, fontsize=10)
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].set_ylabel("nats per image")
    figure.axes[0].legend(frameon=False, fontsize=8)
    return figure
