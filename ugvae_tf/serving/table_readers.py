"""Reading of tables of codes from .npz, .csv and .parquet files, as `table_files` writes them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ugvae_tf.datasets.label_table import read_table


def _read_npz(file: Path) -> dict[str, np.ndarray]:
    with np.load(file, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def _read_csv(file: Path) -> dict[str, np.ndarray]:
    """Cells of vectors are numbers; `group` and `image` stay text."""
    parts: dict[str, list[list[str]]] = {}
    for name, cells in read_table(file).items():
        stem, _, place = name.rpartition("_")
        parts.setdefault(stem if place.isdigit() and stem else name, []).append(cells)
    return {name: _from_cells(name, cells) for name, cells in parts.items()}


def _from_cells(name: str, cells: list[list[str]]) -> np.ndarray:
    if name in ("group", "image"):
        return np.array(cells[0], dtype=str)
    if name in ("images", "component"):
        return np.array(cells[0], np.int64)
    return np.array(cells, np.float32).T


def _read_parquet(file: Path) -> dict[str, np.ndarray]:
    from pyarrow import parquet

    table = parquet.read_table(file)
    return {name: _from_arrow(table[name].combine_chunks()) for name in table.column_names}


def _from_arrow(column: Any) -> np.ndarray:
    if hasattr(column, "flatten") and hasattr(column.type, "list_size"):
        return column.flatten().to_numpy().reshape(-1, column.type.list_size)
    found = column.to_numpy(zero_copy_only=False)
    return found.astype(str) if found.dtype == object else found


READERS: dict[str, Callable[[Path], dict[str, np.ndarray]]] = {
    ".parquet": _read_parquet,
    ".csv": _read_csv,
    ".npz": _read_npz,
}
