"""Tables of codes in files: .npz, .csv or .parquet, by the ending of the name.

A column is an array [N] or [N, F]. In an .npz it is an array; in a .parquet file a column, of lists if it is [N, F];
in a .csv file F columns `name_0`, `name_1`, ... Rows are written some at a time, so that columns may be on disk.
"""

import csv
import importlib.util
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from ugvae_tf.errors import UserError
from ugvae_tf.serving.table_readers import READERS

ROWS = 8192  # written at a time
Columns = Mapping[str, np.ndarray]


def check_file(file: Path) -> None:
    """Raise UserError unless a table can be written to a file of this name, before any work is done."""
    if file.suffix not in WRITERS:
        raise UserError(f"{file} must end in {', '.join(WRITERS)}: the ending is the format.")
    if file.suffix == ".parquet" and importlib.util.find_spec("pyarrow") is None:
        raise UserError("A .parquet file needs pyarrow: pip install 'ugvae_tf[parquet]', or write .npz or .csv.")
    if file.is_dir() or not file.parent.is_dir():
        raise UserError(f"Cannot write {file}: its folder does not exist, or it is a folder itself.")


def write_table(file: Path, columns: Columns) -> None:
    """Write the columns to a new file, and then put it in the place of an old one, if any, by one rename."""
    check_file(file)
    partial = file.with_name(f".{file.name}.partial")
    present = {name: column for name, column in columns.items() if column.ndim == 1 or column.size}
    try:
        partial.unlink(missing_ok=True)  # of a process that was killed; or a link, which is not followed
        WRITERS[file.suffix](partial, present)
        partial.replace(file)
    except OSError as error:
        raise UserError(f"Cannot write {file} ({error.strerror}): choose another place with `output`.") from error
    finally:
        partial.unlink(missing_ok=True)


def read_columns(file: Path) -> dict[str, np.ndarray]:
    """The columns of a table; raises UserError if there is no such file, or it is damaged."""
    check_file(file)
    if not file.is_file():
        raise UserError(f"There is no file {file}: write codes with `ugvae encode`.")
    try:
        return READERS[file.suffix](file)
    except UserError:
        raise
    except Exception as error:  # pyarrow and zipfile have many
        raise UserError(f"{file} cannot be read as a table of codes ({error}).") from error


def _blocks(columns: Columns) -> Iterator[dict[str, np.ndarray]]:
    rows = len(next(iter(columns.values())))
    for start in range(0, max(rows, 1), ROWS):
        yield {name: np.asarray(column[start : start + ROWS]) for name, column in columns.items()}


def _write_npz(file: Path, columns: Columns) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, column in columns.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as stream:
                _write_npy(stream, column)


def _write_npy(stream: IO[bytes], column: np.ndarray) -> None:
    if column.dtype.hasobject:
        raise UserError(f"A column of Python objects cannot be written: make it text or numbers ({column[:1]}, ...).")
    description = np.lib.format.dtype_to_descr(column.dtype)
    header = {"descr": description, "fortran_order": False, "shape": column.shape}
    np.lib.format.write_array_header_1_0(stream, header)
    for start in range(0, len(column), ROWS):
        stream.write(np.ascontiguousarray(column[start : start + ROWS]).tobytes())


def _write_csv(file: Path, columns: Columns) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([name for key, column in columns.items() for name in _csv_names(key, column)])
        for block in _blocks(columns):
            writer.writerows(zip(*(cells for column in block.values() for cells in _csv_cells(column)), strict=True))


def _csv_names(name: str, column: np.ndarray) -> list[str]:
    return [name] if column.ndim == 1 else [f"{name}_{place}" for place in range(column.shape[1])]


def _csv_cells(column: np.ndarray) -> Sequence[Sequence[object]]:
    """The cells of each CSV column; nine digits are enough to read a float32 back as it was."""
    if column.ndim == 1:
        return [column.tolist()]
    return [[f"{value:.9g}" for value in part] for part in column.T.tolist()]


def _write_parquet(file: Path, columns: Columns) -> None:
    import pyarrow
    from pyarrow import parquet

    writer = None
    try:
        for block in _blocks(columns):
            table = pyarrow.table({name: _arrow(column) for name, column in block.items()})
            writer = writer or parquet.ParquetWriter(file, table.schema)
            writer.write_table(table)
    finally:
        if writer is not None:
            writer.close()


def _arrow(column: np.ndarray) -> Any:
    import pyarrow

    if column.ndim == 1:
        return pyarrow.array(column.tolist() if column.dtype.kind == "U" else column)
    return pyarrow.FixedSizeListArray.from_arrays(pyarrow.array(column.ravel()), column.shape[1])


WRITERS: dict[str, Callable[[Path, Columns], None]] = {
    ".parquet": _write_parquet,
    ".csv": _write_csv,
    ".npz": _write_npz,
}
