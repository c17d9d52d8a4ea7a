"""Comparison of two groups by the shares of their components: a permutation test over images."""

from dataclasses import dataclass

import numpy as np

BLOCK = 50  # permutations at a time
MOST_NUMBERS = 2**22  # of the orders of a block in memory, of 8 bytes each


@dataclass(frozen=True)
class ShareTest:
    """The difference of two groups' shares, with p-values by permutation of the images between the groups."""

    first: np.ndarray  # [K], the shares of the first group
    second: np.ndarray  # [K]
    p_value: float  # of any difference: the statistic is the sum of squared differences, each over its variance
    p_values: np.ndarray  # [K] of each component, corrected for the K comparisons: the statistic is the largest one

    @property
    def difference(self) -> np.ndarray:
        """Share in the first group minus share in the second [K]."""
        return self.first - self.second


def share_test(first: np.ndarray, second: np.ndarray, permutations: int, random: np.random.Generator) -> ShareTest:
    """Test that the images of two groups come from one population (Westfall and Young 1993 for single components).

    Under that hypothesis the images are exchangeable between the groups, so a p-value is (1 + the number of
    permutations with a statistic at least as large) / (1 + permutations), uniform up to its steps. The q(d) of an image
    must not depend on which of the groups it is in.

    Args:
        first: q(d) of the images of the first group [n, K].
        second: [m, K]
        permutations: 999 gives p-values from .001.
    """
    pooled = np.concatenate([first, second]).astype(float)
    count, images = len(first), len(pooled)
    scale = _scale(pooled)
    observed = (first.mean(axis=0, dtype=float) - second.mean(axis=0, dtype=float)) / scale
    total = _statistics(observed)[0]
    above_total, above_largest = 0, np.zeros(pooled.shape[1], int)
    size = max(1, min(BLOCK, MOST_NUMBERS // images))
    for start in range(0, permutations, size):
        block = min(size, permutations - start)
        orders = np.argsort(random.random((block, images)), axis=1)
        weights = np.where(orders < count, 1 / count, -1 / (images - count))
        totals, largests = _statistics(weights @ pooled / scale)
        above_total += int((totals >= total * (1 - 1e-12)).sum())
        above_largest += (largests[:, np.newaxis] >= np.abs(observed) * (1 - 1e-12)).sum(axis=0)
    p_values = (1 + above_largest) / (1 + permutations)
    means = first.mean(axis=0, dtype=float), second.mean(axis=0, dtype=float)
    return ShareTest(*means, (1 + above_total) / (1 + permutations), p_values)


def _scale(pooled: np.ndarray) -> np.ndarray:
    """The standard deviation of each component's probability [K]; infinite where it is constant."""
    stddev = pooled.std(axis=0)
    return np.where(stddev > 1e-9, stddev, np.inf)


def _statistics(scaled: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of scaled differences [..., K]: the sum of their squares, and the largest of them."""
    return (scaled**2).sum(axis=-1), np.abs(scaled).max(axis=-1)


def typicality(probs: np.ndarray, test: ShareTest, images: tuple[int, int]) -> np.ndarray:
    """log of an image's expected share in the first group over that in the second, in nats [N].

    Large where the image's components are frequent in the first group and rare in the second. Shares are smoothed by
    one image over all components, so that an absent component has no infinite ratio.

    Args:
        probs: q(d) [N, K].
        images: the sizes of the groups.
    """
    shares = [
        (share * size + 1 / len(share)) / (size + 1)
        for share, size in zip((test.first, test.second), images, strict=True)
    ]
    return np.log(probs @ shares[0]) - np.log(probs @ shares[1])
