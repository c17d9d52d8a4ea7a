"""The learned metric of codes, an asset of an exported version: TensorFlow Serving ignores it."""

from pathlib import Path

import numpy as np

from ugvae_tf.errors import UserError
from ugvae_tf.plda import Plda
from ugvae_tf.serving.table_files import read_columns, write_table

NAME = Path("assets.extra") / "metric.npz"
COLUMNS = ("mean", "directions", "between")


def read_metric(version: Path) -> Plda | None:
    """The metric of a version, or None; raises UserError if the file is damaged."""
    file = version / NAME
    if not file.is_file():
        return None
    arrays = read_columns(file)
    if set(arrays) != set(COLUMNS) or not all(np.isfinite(array).all() for array in arrays.values()):
        raise UserError(f"{file} is not a learned metric: delete it, and make a new one with the task retrieval.")
    return Plda(*(arrays[name] for name in COLUMNS))


def write_metric(version: Path, metric: Plda) -> None:
    """Store the metric with the version; raises UserError if its folder cannot be written."""
    write_table(version / NAME, {name: getattr(metric, name) for name in COLUMNS})
