"""Intervals of means (Efron and Tibshirani 1993) and of shares, and the standard error of a mean."""

from collections.abc import Sequence

import numpy as np
from scipy.stats import binomtest

RESAMPLES = 1000
LEVEL = 95  # per cent


def interval(values: np.ndarray, random: np.random.Generator) -> tuple[float, float]:
    """The LEVEL % bootstrap interval of the mean of the values [N]: samples of size N with replacement."""
    drawn = values[random.integers(len(values), size=(RESAMPLES, len(values)))].mean(axis=1)
    low, high = np.percentile(drawn, [(100 - LEVEL) / 2, (100 + LEVEL) / 2])
    return float(low), float(high)


def with_interval(name: str, values: np.ndarray, random: np.random.Generator) -> dict[str, float]:
    """The mean of the values [N], as `name`, and the ends of its interval, as `name_low` and `name_high`."""
    low, high = interval(values, random)
    return {name: float(values.mean()), f"{name}_low": low, f"{name}_high": high}


def share_with_interval(name: str, events: np.ndarray) -> dict[str, float]:
    """The share of true ones among independent events [N], and the ends of its exact LEVEL % interval.

    (Clopper and Pearson 1934.) A bootstrap of none among fifty would say 0 to 0; it is 0 to .07.
    """
    found = binomtest(int(events.sum()), len(events)).proportion_ci(LEVEL / 100, method="exact")
    return {name: float(events.mean()), f"{name}_low": float(found.low), f"{name}_high": float(found.high)}


def standard_error(values: Sequence[float]) -> float:
    """Of the mean of independent values, two or more, from their unbiased variance (divisor N - 1)."""
    return float(np.std(values, ddof=1) / np.sqrt(len(values)))
