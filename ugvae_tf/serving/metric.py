"""The learned metric of codes, an asset of an exported version: TensorFlow Serving ignores it."""

from pathlib import Path

import numpy as np

from ugvae_tf.plda import Plda
from ugvae_tf.serving.table_files import write_table

NAME = Path("assets.extra") / "metric.npz"


def read_metric(version: Path) -> Plda | None:
    """The metric of a version, or None."""
    file = version / NAME
    if not file.is_file():
        return None
    with np.load(file, allow_pickle=False) as arrays:
        return Plda(arrays["mean"], arrays["directions"], arrays["between"])


def write_metric(version: Path, metric: Plda) -> None:
    """Store the metric with the version; raises UserError if its folder cannot be written."""
    columns = {"mean": metric.mean, "directions": metric.directions, "between": metric.between}
    write_table(version / NAME, columns)
