"""history.csv: a row of losses and terms for every epoch. Without TensorFlow."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ugvae_tf.errors import UserError
from ugvae_tf.files import replace_text

EPOCH = "epoch"  # the column with the number of the epoch, from 0


class History:
    """The rows of a run's epochs, one for each, in the order of their numbers."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def rows(self, epochs: int | None = None) -> list[dict[str, float]]:
        """Those of the first `epochs` epochs (default: all).

        Raises:
            UserError: the file is damaged.
        """
        if not self.path.exists():
            return []
        try:
            with self.path.open(encoding="utf-8", newline="") as file:
                rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
            of_epoch = {int(row[EPOCH]): row for row in rows}
        except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
            raise UserError(f"{self.path} is damaged: restore it, or start a new run with `overwrite`.") from error
        return [of_epoch[epoch] for epoch in sorted(of_epoch) if epochs is None or epoch < epochs]

    def write(self, epoch: int, values: Mapping[str, Any]) -> None:
        """Put the row of an epoch after those of the epochs before it; rows of later epochs are removed."""
        row = {EPOCH: epoch, **{name: float(value) for name, value in values.items()}}
        lines = io.StringIO()
        table = csv.DictWriter(lines, list(row), extrasaction="ignore", lineterminator="\n")
        table.writeheader()
        table.writerows([{**before, EPOCH: int(before[EPOCH])} for before in self.rows(epoch)])
        table.writerow(row)
        replace_text(self.path, lines.getvalue())
