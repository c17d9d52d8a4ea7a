"""Scatter plots, bars, matrices and curves."""

from collections.abc import Mapping, Sequence
from textwrap import fill

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

# Paul Tol's "muted" palette for colour-blind readers, and black; its pale grey is for "random".
COLOURS = (
    "#332288", "#CC6677", "#117733", "#DDCC77", "#88CCEE", "#882255", "#44AA99", "#AA4499", "#999933", "#000000"
)  # fmt: skip
GREY = "#BBBBBB"
MARKERS = "os^DvPX*hp"
LOWEST_R2 = -1.0  # lower end of an axis of R2, which has no lower limit itself


def scatter(points: np.ndarray, categories: np.ndarray, title: str, paths: Sequence[np.ndarray] = ()) -> Figure:
    """Points in the plane with a colour and a marker for each category, and paths among them.

    Args:
        points: [N, 2]
        categories: [N] names; "random" is drawn in grey, below the others.
        paths: each [steps, 2].
    """
    figure = Figure(figsize=(6.4, 4.8), layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(title, fontsize=11)
    if "random" in categories:
        axes.scatter(*points[categories == "random"].T, s=16, color=GREY, linewidths=0.6, label="random")
    for place, name in enumerate(sorted(set(categories) - {"random"})):
        colour, marker = COLOURS[place % len(COLOURS)], MARKERS[place % len(MARKERS)]
        axes.scatter(*points[categories == name].T, s=16, color=colour, marker=marker, linewidths=0.6, label=name)
    for place, path in enumerate(paths):
        label = "paths" if place == 0 else None
        axes.plot(*path.T, color="black", marker="o", markersize=3, linewidth=1, label=label)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    return figure


def accuracy_bars(bars: Mapping[str, tuple[str, str]], metrics: Mapping[str, float], title: str) -> Figure:
    """Pairs of bars, without and with random groups, with their intervals and the majority baselines.

    Args:
        bars: label of each pair, and the names of its two metrics, which have a `_mean`, a `_low` and a `_high`.
    """
    figure = Figure(figsize=(9, 1.6 + 0.34 * len(bars)), layout="constrained")
    axes = figure.add_subplot()
    axes.set_title("\n".join(fill(line, 90) for line in title.splitlines()), fontsize=10)
    for side, (meaning, baseline) in enumerate(
        {"categories alone": "majority_baseline_mean", 'with "random"': "majority_baseline_with_random_mean"}.items()
    ):
        means = [metrics[f"{pair[side]}_mean"] for pair in bars.values()]
        lows, highs = ([metrics[f"{pair[side]}_{end}"] for pair in bars.values()] for end in ("low", "high"))
        spreads = np.maximum([np.subtract(means, lows), np.subtract(highs, means)], 0)
        places = np.arange(len(bars)) + 0.4 * (0.5 - side)
        axes.barh(places, means, 0.38, xerr=spreads, color=COLOURS[side], label=meaning)
        axes.axvline(metrics[baseline], color=COLOURS[side], linestyle=":", label=f"majority, {meaning}")
    axes.set_yticks(range(len(bars)), list(bars), fontsize=8)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.02)
    axes.set_xlabel("test accuracy, with 95 % intervals over the held-out images")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False, fontsize=8)
    return figure


def composition_bars(
    metrics: Mapping[str, float], draws: Mapping[str, str], features: Mapping[str, str], title: str
) -> Figure:
    """R2 of each label, with a panel for each sampling of groups and a bar for each code; negative R2 below 0.

    The axis ends at LOWEST_R2: a bar that reaches it may be longer.
    """
    figure = Figure(figsize=(12, 3.8), layout="constrained")
    figure.suptitle(title, fontsize=11)
    for axes, (draw, meaning) in zip(figure.subplots(1, len(draws), sharey=True), draws.items(), strict=True):
        prefix, of_mean = f"{draw}_{next(iter(features))}_r2_", ("mean_low", "mean_high", "mean_permutation_p")
        names = [name.removeprefix(prefix) for name in metrics if name.startswith(prefix)]
        labels = [name for name in names if name not in of_mean]
        for side, (feature, legend) in enumerate(features.items()):
            heights = [metrics[f"{draw}_{feature}_r2_{label}"] for label in labels]
            width = 0.8 / len(features)
            place = np.arange(len(labels)) + width * (side - (len(features) - 1) / 2)
            axes.bar(place, heights, 0.95 * width, color=COLOURS[side], label=legend)
        axes.set_title(meaning, fontsize=10)
        axes.set_xticks(range(len(labels)), labels)
        axes.set_xlabel("label")
        axes.axhline(0, color="black", linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
    lowest = min(axes.dataLim.y0 for axes in figure.axes)
    figure.axes[0].set_ylim(max(LOWEST_R2, min(0.0, lowest)), 1)  # of all panels
    figure.axes[0].set_ylabel("held-out R2")
    figure.axes[-1].legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False, fontsize=8)
    return figure


def count_matrix(counts: np.ndarray, labels: Sequence[str], title: str) -> Figure:
    """Counts [labels, K] of images of each label in each component, drawn as shares of the component."""
    shares = counts / counts.sum(axis=0).clip(1)
    order = np.lexsort((-shares.max(axis=0), shares.argmax(axis=0), counts.sum(axis=0) == 0))  # unused ones last
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


def histograms(given: np.ndarray, generated: np.ndarray, names: Sequence[str], title: str, x_title: str) -> Figure:
    """Label histograms of groups, those of given images beside those of generated ones, a panel for each group.

    Args:
        given: [groups, V], shares.
        generated: [groups, V]
        names: of the V labels.
    """
    columns = 1 if len(names) > 20 else 3
    rows = -(-len(given) // columns)
    figure = Figure(figsize=(9.6, 1.2 + 1.7 * rows), layout="constrained")
    figure.suptitle(fill(title, 100), fontsize=11)
    for place, axes in enumerate(figure.subplots(rows, columns, sharey=True, squeeze=False).flat):
        if place >= len(given):
            axes.set_axis_off()
            continue
        for side, (values, meaning) in enumerate(((given, "given images"), (generated, "generated images"))):
            axes.bar(
                np.arange(len(names)) + 0.4 * (side - 0.5), values[place], 0.38, color=COLOURS[side], label=meaning
            )
        axes.set_title(f"group {place + 1}", fontsize=9)
        axes.set_xticks(range(len(names)), names, fontsize=8, rotation=90 if max(map(len, names)) > 2 else 0)
        axes.set_xlabel(x_title, fontsize=9)
        axes.set_ylabel("share of images", fontsize=9)
        axes.spines[["top", "right"]].set_visible(False)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    return figure


def anatomy_bars(metrics: Mapping[str, float], variables: Mapping[str, str]) -> Figure:
    """The KL term of each latent variable as one bar: information, what its bounds leave open, and the rest.

    Args:
        variables: the latent variables, and the titles of their axes.
    """
    figure = Figure(figsize=(8, 1.6 + 0.8 * len(variables)), layout="constrained")
    figure.suptitle("KL(posterior || prior) and its parts, held-out data", fontsize=11)
    for axes, (name, title) in zip(figure.subplots(len(variables), squeeze=False).flat, variables.items(), strict=True):
        whole = metrics[f"{name}_kl"]
        low, high = (min(whole, metrics[f"{name}_information_{end}_bound"]) for end in ("lower", "upper"))
        parts = {"information": low, "information or aggregate": high - low, "KL(aggregate || prior)": whole - high}
        left = 0.0
        for colour, (meaning, width) in zip((COLOURS[0], GREY, COLOURS[1]), parts.items(), strict=True):
            axes.barh(0, width, 0.6, left=left, color=colour, label=meaning)
            left += width
        axes.set_yticks([0], [name])
        axes.set_xlabel(title)
        axes.spines[["top", "right"]].set_visible(False)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    return figure


def bounds(values: Sequence[float], errors: Sequence[float], names: Sequence[str]) -> Figure:
    """Lower bounds of log p(X), from the loosest to the tightest, with their standard errors."""
    figure = Figure(figsize=(5.6, 3.4), layout="constrained")
    axes = figure.add_subplot()
    axes.errorbar(range(len(values)), values, yerr=errors, color=COLOURS[0], marker="o", capsize=4)
    axes.set_title("Lower bounds of log p(X) of held-out groups", fontsize=11)
    axes.set_xticks(range(len(names)), names)
    axes.set_ylabel("nats per image")
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def curves(panels: Mapping[str, Mapping[str, np.ndarray]], title: str, x_title: str, y_title: str) -> Figure:
    """Curves with their intervals, a panel for each quantity, side by side; the first axis counts in ratios.

    Args:
        panels: title of each panel -> name of each curve -> [points, 4]: x, y and the ends of y's interval.
    """
    figure = Figure(figsize=(max(7.2, 4.0 * len(panels)), 4.4), layout="constrained")
    figure.suptitle(title, fontsize=11)
    for axes, (heading, lines) in zip(figure.subplots(1, len(panels), squeeze=False).flat, panels.items(), strict=True):
        for place, (name, points) in enumerate(lines.items()):
            x, y, low, high = points.T
            style = {"color": COLOURS[place % len(COLOURS)], "marker": MARKERS[place % len(MARKERS)]}
            errors = np.maximum([y - low, high - y], 0)
            axes.errorbar(x, y, yerr=errors, label=name, capsize=3, linewidth=1.2, markersize=5, **style)
        axes.set_title(fill(heading, 38), fontsize=10)
        axes.set_xscale("log")
        ticks = sorted({x for points in lines.values() for x in points[:, 0]})
        axes.set_xticks(ticks, [f"{x:g}" for x in ticks])
        axes.minorticks_off()
        axes.set_xlabel(x_title)
        axes.set_ylabel(y_title)
        axes.spines[["top", "right"]].set_visible(False)
    handles, names = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    return figure


def training_curves(history: Mapping[str, np.ndarray], title: str) -> Figure:
    """Loss and terms of the bound by epoch, on training and validation images.

    Args:
        history: `epoch` from 0, and for each quantity `name` and `val_name`, in nats per image.
    """
    names = [name for name in history if name != "epoch" and not name.startswith("val_")]
    figure = Figure(figsize=(2.4 * len(names), 2.9), layout="constrained")
    figure.suptitle(title)
    for axes, name in zip(figure.subplots(1, len(names)), names, strict=True):
        axes.plot(history["epoch"] + 1, history[name], color=COLOURS[0], label="training")
        axes.plot(history["epoch"] + 1, history[f"val_{name}"], color=COLOURS[1], linestyle="--", label="validation")
        axes.set_title(name, fontsize=10)
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].set_ylabel("nats per image")
    figure.axes[0].legend(frameon=False, fontsize=8)
    return figure
