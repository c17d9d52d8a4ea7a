"""The learned metric of codes, an asset of an exported version: TensorFlow Serving ignores it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ugvae_tf.codes.plda import Plda
from ugvae_tf.errors import UserError
from ugvae_tf.serving import checksums
from ugvae_tf.serving.table_files import read_columns, write_table

NAME = Path("assets.extra") / "metric.npz"
MODEL = ("mean", "directions", "between")
ORIGIN = ("images", "label", "dataset", "data_checksum")
MOST_RATIO = 4  # of the images of a group to those of the groups that the metric was fitted to


@dataclass(frozen=True)
class LearnedMetric:
    """PLDA of codes of groups with the same number of images, and where it is from.

    The fewer images a group has, the more its code varies, so the metric is for groups of about this number.
    """

    plda: Plda
    images: int  # of each group that it was fitted to
    label: str  # whose values were the groups
    dataset: str
    data_checksum: str  # of the training images and their groups

    def is_for(self, images: np.ndarray) -> bool:
        """Whether it is for groups of these numbers of images: all from a MOST_RATIO-th of its own to as many times."""
        return bool((images * MOST_RATIO >= self.images).all() and (images <= MOST_RATIO * self.images).all())


def read_metric(version: Path) -> LearnedMetric | None:
    """The metric of a version, or None; raises UserError if the file is damaged."""
    file = version / NAME
    if not file.is_file():
        return None
    arrays = read_columns(file)
    if set(arrays) != {*MODEL, *ORIGIN} or not (_is_plda(arrays) and _is_origin(arrays)):
        raise UserError(
            f"{file} is not a learned metric: delete it; the task retrieval with `store_metric` stores a new one."
        )
    label, dataset, data_checksum = (str(arrays[name][0]) for name in ORIGIN[1:])
    return LearnedMetric(
        Plda(*(arrays[name] for name in MODEL)), int(arrays["images"][0]), label, dataset, data_checksum
    )


def _is_plda(arrays: dict[str, np.ndarray]) -> bool:
    """Whether these are finite numbers `mean` [F], `directions` [F, D] and `between` [D]."""
    mean, directions, between = (arrays[name] for name in MODEL)
    shapes = mean.ndim == between.ndim == 1 and directions.shape == (len(mean), len(between))
    return shapes and all(
        each.dtype.kind == "f" and bool(np.isfinite(each).all()) for each in (mean, directions, between)
    )


def _is_origin(arrays: dict[str, np.ndarray]) -> bool:
    """Whether these are the number of images and three texts, each [1]."""
    kinds = "".join(arrays[name].dtype.kind for name in ORIGIN)
    return kinds == "iUUU" and all(arrays[name].shape == (1,) for name in ORIGIN) and arrays["images"][0] > 0


def write_metric(version: Path, metric: LearnedMetric) -> None:
    """Store the metric with the version, and its checksum; raises UserError if its folder cannot be written."""
    columns = {name: getattr(metric.plda, name) for name in MODEL}
    columns |= {name: np.array([getattr(metric, name)]) for name in ORIGIN}
    with checksums.replaced(version, NAME):
        write_table(version / NAME, columns)
