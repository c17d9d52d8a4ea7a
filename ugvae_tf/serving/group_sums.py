"""Sums over the images of groups: natural parameters add (paper eq. 9), so no group is gathered."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

Moments = tuple[np.ndarray, np.ndarray]


def sums_by_group(groups: np.ndarray, values: Mapping[str, np.ndarray]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The groups that are present, sorted [g], and the float64 sums of the values [n, F] of each: [g, F].

    The product with a sparse matrix of ones takes a fifth of the time of `np.add.reduceat`.
    """
    order = np.argsort(groups, kind="stable")
    present, starts = np.unique(groups[order], return_index=True)
    ends = np.append(starts, len(groups))
    members = csr_array((np.ones(len(groups)), order, ends), shape=(len(present), len(groups)))
    return present, {name: members @ array for name, array in values.items()}


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
        present, sums = sums_by_group(groups, values)
        for name, array in sums.items():
            self.values[name][present] += array


def moments(precision: np.ndarray, precision_mean: np.ndarray) -> Moments:
    """Mean and standard deviation of Gaussians from their natural parameters."""
    return precision_mean / precision, precision**-0.5
