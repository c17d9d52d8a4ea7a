"""Columns of many rows on disk, written row by row: they take no memory, and no file remains of them."""

import tempfile
from pathlib import Path
from typing import IO

import numpy as np


class Spool:
    """Columns that grow at their end; the files have no name, so a killed process leaves nothing.

    Args:
        folder: on a disk with room for all rows.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files: dict[str, IO[bytes]] = {}
        self._shapes: dict[str, tuple[np.dtype, tuple[int, ...]]] = {}
        self._rows: dict[str, int] = {}

    def append(self, **columns: np.ndarray) -> None:
        """Write rows of each column; all rows of a column have one type and shape."""
        for name, rows in columns.items():
            if name not in self._files:
                self._files[name] = tempfile.TemporaryFile(dir=self.folder)  # noqa: SIM115
                self._shapes[name], self._rows[name] = (rows.dtype, rows.shape[1:]), 0
            self._rows[name] += len(rows)
            self._files[name].write(np.ascontiguousarray(rows).data)

    def columns(self) -> dict[str, np.ndarray]:
        """The columns [N, ...], which stay on disk until their rows are used."""
        return {name: self._column(name) for name in self._files}

    def _column(self, name: str) -> np.ndarray:
        file, (dtype, shape) = self._files[name], self._shapes[name]
        file.flush()
        found = self._rows[name], *shape
        return np.memmap(file, dtype, "r", shape=found) if np.prod(found) else np.empty(found, dtype)

    def close(self) -> None:
        """Free the disk."""
        for file in self._files.values():
            file.close()
