"""Sums over the images of groups: natural parameters add (paper eq. 9), so no group is gathered."""

from dataclasses import dataclass

import numpy as np

Moments = tuple[np.ndarray, np.ndarray]


def sums_by_group(values: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The groups that are present, sorted [g], and the float64 sum of the values [n, F] of each: [g, F]."""
    order = np.argsort(groups, kind="stable")
    present, starts = np.unique(groups[order], return_index=True)
    if not len(present):
        return present, np.zeros([0, values.shape[1]])
    return present, np.add.reduceat(values[order], starts, axis=0, dtype=np.float64)


@dataclass
class GroupSums:
    """Running float64 sums of G groups."""

    images: np.ndarray  # [G], their number
    values: dict[str, np.ndarray]  # each [G, F]

    @classmethod
    def zeros(cls, groups: int, widths: dict[str, int]) -> "GroupSums":
        """Of no image: F of each value by its name."""
        return cls(np.zeros(groups, np.int64), {name: np.zeros([groups, width]) for name, width in widths.items()})

    def add(self, groups: np.ndarray, **values: np.ndarray) -> None:
        """Add images of the groups [n], with their values, each [n, F]."""
        self.images += np.bincount(groups, minlength=len(self.images))
        self.add_values(groups, **values)

    def add_values(self, groups: np.ndarray, **values: np.ndarray) -> None:
        """Add further values of images that were counted before."""
        for name, array in values.items():
            present, sums = sums_by_group(array, groups)
            self.values[name][present] += sums


def moments(precision: np.ndarray, precision_mean: np.ndarray) -> Moments:
    """Mean and standard deviation of Gaussians from their natural parameters."""
    return precision_mean / precision, precision**-0.5
