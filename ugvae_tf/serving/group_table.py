"""Tables of codes: a row a group, and a row an image."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from ugvae_tf.errors import UserError
from ugvae_tf.serving.table_files import read_columns, write_table


@dataclass(frozen=True)
class Table:
    """Columns with one row for each of the same things."""

    writer: ClassVar[str]  # the command that writes such a table

    @classmethod
    def read(cls, file: str | Path) -> Self:
        """From a .parquet, .csv or .npz file; raises UserError if it is no such table."""
        found = read_columns(Path(file))
        return cls.of(found, file)

    @classmethod
    def of(cls, columns: dict[str, np.ndarray], place: str | Path) -> Self:
        """From columns, of which those of a latent variable that the model lacks may be absent."""
        names = [field.name for field in fields(cls)]
        if missing := [name for name in names[:2] if name not in columns]:
            raise UserError(f"{place} has no column '{missing[0]}': give a file that `{cls.writer}` wrote.")
        rows = columns[names[0]].size
        absent = {name: np.zeros([rows, 0], np.float32) for name in names[2:]}
        found = {name: columns[name] if name in columns else absent[name] for name in names}
        for number, (name, column) in enumerate(found.items()):
            if fault := _fault(name, column, rows, axes=1 if number < 2 else 2):
                raise UserError(f"The column '{name}' of {place} {fault}: give a file that `{cls.writer}` wrote.")
        return cls(**found)

    def write(self, file: str | Path) -> None:
        """Write .parquet, .csv or .npz, by the ending of the name."""
        write_table(Path(file), self.columns)

    @property
    def columns(self) -> dict[str, np.ndarray]:
        """The columns by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def rows(self, chosen: Any) -> Self:
        """The chosen rows: indices or truth values."""
        return type(self)(**{name: column[chosen] for name, column in self.columns.items()})


@dataclass(frozen=True)
class GroupTable(Table):
    """The codes of G groups, a row a group in the order of their names.

    A model without beta has M = 0.
    """

    writer = "ugvae encode"

    group: np.ndarray  # [G], names or numbers
    images: np.ndarray  # [G], how many there are
    beta_mean: np.ndarray  # [G, M] of q(beta)
    beta_stddev: np.ndarray  # [G, M]
    component_probs: np.ndarray  # [G, K]: the shares of the components, means of q(d) over the group; K is 1 without d

    def place(self, name: object) -> int:
        """The row of a group; raises UserError if there is no such group."""
        found = np.flatnonzero(self.group.astype(str) == str(name))
        if not len(found):
            raise UserError(f"There is no group '{name}': groups are {_some(self.group)}.")
        return int(found[0])


@dataclass(frozen=True)
class ImageTable(Table):
    """What N images contribute to the codes of their groups, a row an image."""

    writer = "ugvae encode --images"

    image: np.ndarray  # [N], names or indices
    group: np.ndarray  # [N], names or numbers
    precision: np.ndarray  # [N, M] of the image's expert of q(beta)
    precision_mean: np.ndarray  # [N, M]
    z_mean: np.ndarray  # [N, L] of q(z)
    z_stddev: np.ndarray  # [N, L]
    component_probs: np.ndarray  # [N, K], q(d), given the group's beta if it depends on it


def _fault(name: str, column: np.ndarray, rows: int, axes: int) -> str | None:
    """What is wrong with a column of `rows` rows, if anything."""
    if column.ndim != axes or len(column) != rows:
        return f"has shape {column.shape} in a table of {rows} rows"
    if name in ("group", "image"):
        return None
    if column.dtype.kind not in "iuf" or not np.isfinite(column).all():
        return "has values that are not finite numbers"
    return "has values that are not above 0" if name.endswith("stddev") and not (column > 0).all() else None


def _some(names: Iterable[object]) -> str:
    shown = [str(name) for name in names]
    return ", ".join(shown[:5]) + (", ..." if len(shown) > 5 else "")
