"""Labels in a CSV file with a header and one row per image."""

import csv
from collections import Counter
from pathlib import Path

import numpy as np

from ugvae_tf.errors import UserError


def read_table(file: Path) -> dict[str, list[str]]:
    """The columns of the file by name, all of one length; raises UserError for an invalid file."""
    if not file.is_file():
        raise UserError(f"{file} is not a file that can be read: replace or delete it.")
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.reader(lines, strict=True)) or [[]]
    except (ValueError, csv.Error, OSError) as error:
        raise UserError(f"{file} is not a CSV file ({error}).") from error
    header = rows.pop(0)
    for number, row in enumerate(rows, start=2):
        if row and len(row) != len(header):
            raise UserError(f"Row {number} of {file} has {len(row)} cells, but the header has {len(header)}.")
    if len(set(header)) < len(header):
        raise UserError(f"The header of {file} has a name twice: {', '.join(header)}.")
    return {name: [row[place] for row in rows if row] for place, name in enumerate(header)}


def typed(cells: list[str]) -> np.ndarray:
    """The cells [N] as the first type that fits all: truth values, whole numbers, numbers, or strings.

    Numbers with leading zeros, such as 007, are names.
    """
    if any(map(_is_padded, cells)):
        return np.array(cells)
    truth = {"true": True, "false": False}
    if all(cell.lower() in truth for cell in cells):
        return np.array([truth[cell.lower()] for cell in cells])
    for number, dtype in ((int, np.int64), (float, np.float32)):
        try:
            return np.array([number(cell) for cell in cells], dtype)
        except (ValueError, OverflowError):
            continue
    return np.array(cells)


def _is_padded(cell: str) -> bool:
    digits = cell.strip()
    return len(digits) > 1 and digits.startswith("0") and digits.isdecimal()


def in_order_of(files: list[str], table: dict[str, list[str]], file: Path) -> dict[str, np.ndarray]:
    """The columns other than `file`, each [N] in the order of `files`; the rows may be in any order."""
    if "file" not in table:
        raise UserError(f"{file} has no column 'file': its columns are {', '.join(table) or 'none'}.")
    rows = {name: row for row, name in enumerate(table["file"])}
    if len(rows) < len(table["file"]):
        raise UserError(f"{file} names {Counter(table['file']).most_common(1)[0][0]} twice.")
    unknown = rows.keys() - set(files)
    if unknown:
        raise UserError(f"{file} names {min(unknown)}, which is no image beside it: write paths such as {files[0]}.")
    missing = [name for name in files if name not in rows]
    if missing:
        raise UserError(f"{file} has no row for {missing[0]}{_others(len(missing) - 1)}: add what is missing.")
    order = [rows[name] for name in files]
    return {name: typed([cells[row] for row in order]) for name, cells in table.items() if name != "file"}


def _others(count: int) -> str:
    return f" and {count} other images" if count else ""
