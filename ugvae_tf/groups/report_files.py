"""The files of a command on groups: a table and a figure in a folder, beside the text for the terminal."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from ugvae_tf.errors import UserError
from ugvae_tf.plots.page import write
from ugvae_tf.serving.table_files import write_table


def checked_folder(output: str | None) -> Path | None:
    """The folder, created; raises UserError if it cannot be."""
    if output is None:
        return None
    folder = Path(output)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"Cannot create {folder} ({error.strerror}): choose another folder with `output`.") from error
    return folder


def written(
    folder: Path | None, name: str, columns: Mapping[str, np.ndarray], drawn: Callable[[], Figure | None]
) -> str:
    """Write NAME.csv, then draw and write NAME.png; returns the line that says so, or nothing without a folder."""
    if folder is None:
        return ""
    write_table(folder / f"{name}.csv", columns)
    figure = drawn()
    if figure is None:
        return f"\n\nWritten to {folder}: {name}.csv"
    write(figure, folder / f"{name}.png")
    return f"\n\nWritten to {folder}: {name}.csv, {name}.png"


def text_table(columns: Mapping[str, np.ndarray]) -> str:
    """Columns in aligned text; a p-value has three digits that are not zeros."""
    cells = {
        name: [_cell(value, ".3g" if name == "p_value" else ".3f") for value in column]
        for name, column in columns.items()
    }
    widths = {name: max(len(name), *map(len, column), 1) for name, column in cells.items()}
    lines = ["  ".join(f"{name:>{width}}" for name, width in widths.items())]
    for row in zip(*cells.values(), strict=True):
        lines.append("  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths.values(), strict=True)))
    return "\n".join(lines)


def _cell(value: object, form: str) -> str:
    return f"{value:{form}}" if isinstance(value, float | np.floating) else str(value)
