"""Figures of sweeps: a column for every setting, a row for every measure."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

COLUMNS = {
    "group_size": "B, images in a group",
    "components": "K, components",
    "local_size": "L, dimensions of z",
    "global_size": "M, dimensions of beta",
}
ROWS = {
    "bound": "bound,\nnats per image",
    "code": {"mnist": "R2 of a group's\nlabels from beta", "glyphs": "recall@1 of a font\nfrom 5 glyphs"},
    "one_to_one": "images in their label's\ncomponent, one to one",
    "cpu_seconds": "training,\nCPU seconds",
}
COLOUR, FLOOR, SPREAD = "#332288", "#CC6677", "#BBBBBB"
Stored = Mapping[str, Mapping[str, float]]


def draw(
    dataset: str, settings: Mapping[str, tuple[int, ...]], usual: Mapping[str, int], stored: Stored, path: Path
) -> None:
    """Every measure over the values of every setting; the band spans the trainings of the preset with other seeds."""
    figure = Figure(figsize=(11, 8.2), layout="constrained")
    rows = figure.subplots(len(ROWS), len(settings), sharey="row", sharex="col")
    figure.suptitle(f"{dataset}: one size at a time, measured on validation images", fontsize=12)
    seeds = [each for name, each in stored.items() if name == dataset or name.startswith(f"{dataset} --seed")]
    for measure, line in zip(ROWS, rows, strict=True):
        for setting, axes in zip(settings, line, strict=True):
            band = [each[measure] for each in seeds]
            axes.axhspan(min(band), max(band), color=SPREAD, alpha=0.6, linewidth=0)
            _curve(axes, list(_values(dataset, setting, usual, stored)), measure)
    _name_axes(rows, dataset, settings)
    handles, names = rows[1][0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=2, frameon=False)
    figure.savefig(path, dpi=110)


def _values(
    dataset: str, setting: str, usual: Mapping[str, int], stored: Stored
) -> Iterator[tuple[int, Mapping[str, float]]]:
    flag = f"{dataset} --{setting.replace('_', '-')}="
    found = {int(name.removeprefix(flag)): each for name, each in stored.items() if name.startswith(flag)}
    yield from sorted((found | {usual[setting]: stored[dataset]}).items())


def _curve(axes: Axes, points: list[tuple[int, Mapping[str, float]]], measure: str) -> None:
    values = [value for value, _ in points]
    axes.plot(values, [each[measure] for _, each in points], "o-", color=COLOUR, markersize=4, label="the model")
    if measure == "code":
        floor = [each["floor"] for _, each in points]
        axes.plot(values, floor, "s--", color=FLOOR, markersize=3, label="floor: PCA of the mean image")
    axes.set_xscale("log")
    axes.set_xticks(values, list(map(str, values)))
    axes.minorticks_off()
    axes.grid(alpha=0.3)


def _name_axes(rows: list[list[Axes]], dataset: str, settings: Mapping[str, tuple[int, ...]]) -> None:
    for name, line in zip(ROWS.values(), rows, strict=True):
        line[0].set_ylabel(name if isinstance(name, str) else name[dataset], fontsize=9)
    for setting, axes in zip(settings, rows[-1], strict=True):
        axes.set_xlabel(COLUMNS[setting])
