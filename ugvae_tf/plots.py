"""Figures from arrays; nothing here saves, loads or encodes."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

# Okabe and Ito's palette, which colour-blind readers can tell apart.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442")


def image_grid(images: np.ndarray, title: str, row_labels: Sequence[str] = (), column_title: str = "") -> Figure:
    """Images in rows and columns, as one picture with thin gaps.

    Args:
        images: [rows, columns, H, W, C] in [0, 1], one or three channels.
        row_labels: one for each row, or none.
        column_title: what changes from left to right.
    """
    rows, columns, height, width, channels = images.shape
    gap = max(1, height // 14)
    padded = np.pad(images, ((0, 0), (0, 0), (gap, gap), (gap, gap), (0, 0)), constant_values=0.5)
    tall, wide = height + 2 * gap, width + 2 * gap
    picture = padded.transpose(0, 2, 1, 3, 4).reshape(rows * tall, columns * wide, channels)
    figure = Figure(figsize=(1 + 0.5 * columns * wide / tall, 1 + 0.5 * rows), layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(picture.clip(0, 1).squeeze(), cmap="gray" if channels == 1 else None, vmin=0, vmax=1)
    axes.set_title(title, fontsize=11)
    axes.set_xlabel(column_title)
    axes.set_xticks([])
    axes.set_yticks((np.arange(len(row_labels)) + 0.5) * tall - 0.5, row_labels)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
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
