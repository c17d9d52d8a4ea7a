"""Categories: the classes of groups in an experiment, defined by the labels of their images."""

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ugvae_tf.errors import UserError
from ugvae_tf.evaluation import sampling

NO_CATEGORY = "none or several"  # of an image for which not exactly one of the named labels is true

SERIES_LENGTH = 256  # digits of a series before it starts again, as in the official code


def fibonacci_numbers() -> Iterator[int]:
    """0, 1, 1, 2, 3, 5, 8, ... without end."""
    number, following = 0, 1
    while True:
        yield number
        number, following = following, number + following


def prime_numbers() -> Iterator[int]:
    """2, 3, 5, 7, 11, ... without end, by trial division (fewer than 200 are used)."""
    return (n for n in itertools.count(2) if all(n % divisor for divisor in range(2, math.isqrt(n) + 1)))


def written_out(numbers: Iterable[int], length: int) -> np.ndarray:
    """The first `length` decimal digits of the numbers, written one after the other: [length]."""
    digits = itertools.chain.from_iterable(str(number) for number in numbers)
    return np.array([int(digit) for digit in itertools.islice(digits, length)])


# The digit series of the paper's supplement, each [SERIES_LENGTH].
SERIES: dict[str, np.ndarray] = {
    "even": written_out(itertools.count(0, 2), SERIES_LENGTH),
    "odd": written_out(itertools.count(1, 2), SERIES_LENGTH),
    "fibonacci": written_out(fibonacci_numbers(), SERIES_LENGTH),
    "prime": written_out(prime_numbers(), SERIES_LENGTH),
}

# The one-digit numbers of each series: groups that differ much more than those of the series.
DIGIT_SETS: dict[str, tuple[int, ...]] = {
    "even": (0, 2, 4, 6, 8),
    "odd": (1, 3, 5, 7, 9),
    "fibonacci": (0, 1, 2, 3, 5, 8),
    "prime": (2, 3, 5, 7),
}


@dataclass(frozen=True)
class Category:
    """A class of groups: their images have given labels, or labels that follow a series."""

    name: str
    wanted: np.ndarray  # the labels; for a series, in its order
    is_series: bool = False

    def members(self, labels: np.ndarray, groups: int, size: int, random: np.random.Generator) -> np.ndarray:
        """Random groups of this category from images with these labels [N]: members [groups, size].

        Raises:
            UserError: no image has one of the category's labels.
        """
        draw = sampling.series_members if self.is_series else sampling.members_among
        return draw(labels, self.wanted, groups, size, random)

    def has(self, labels: np.ndarray) -> np.ndarray:
        """Whether each image has one of the category's labels [N]."""
        return np.isin(labels, self.wanted)


def digit_categories(kind: str) -> list[Category]:
    """The four `series` of the paper, or the four `digit-sets`."""
    if kind == "series":
        return [Category(name, digits, is_series=True) for name, digits in SERIES.items()]
    return [Category(name, np.array(digits)) for name, digits in DIGIT_SETS.items()]


def value_categories(labels: np.ndarray, chosen: Sequence[str] = ()) -> list[Category]:
    """A category for every value of the labels [N], or for the chosen values.

    Raises:
        UserError: no image has a chosen value, or there are fewer than two categories.
    """
    values = {str(value): value for value in np.unique(labels)}
    if unknown := [name for name in chosen if name not in values]:
        raise UserError(f"No image is '{unknown[0]}': the values are {', '.join(values)}.")
    found = [Category(name, np.array([values[name]])) for name in chosen or values]
    if len(found) < 2:
        raise UserError(f"'{found[0].name}' alone is not enough: choose two values or more.")
    return found


def only_true(labels: Mapping[str, np.ndarray], names: Sequence[str]) -> np.ndarray:
    """The name of the one label that is true of each image [N], NO_CATEGORY where none or several are.

    So two of CelebA's truth values, `black_hair` and `blond_hair`, define the two categories of paper table 1.

    Args:
        labels: by name, each [N].
        names: of labels that are truth values.

    Raises:
        UserError: a name is missing among the labels, or names no truth value.
    """
    for name in names:
        if name not in labels or labels[name].dtype != bool:
            known = ", ".join(sorted(each for each, values in labels.items() if values.dtype == bool)) or "none"
            raise UserError(f"`categories` needs labels that are true or false, and '{name}' is not one: {known}.")
    truth = np.stack([labels[name] for name in names])  # [names, N]
    return np.where(truth.sum(axis=0) == 1, np.array(names)[truth.argmax(axis=0)], NO_CATEGORY)


def named_categories(names: Sequence[str]) -> list[Category]:
    """The categories of `only_true`, one for each name."""
    return [Category(name, np.array([name])) for name in names]
