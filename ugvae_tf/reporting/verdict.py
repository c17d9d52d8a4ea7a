"""A verdict: a measure and its floor in one sentence, and how they compare. Without TensorFlow."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

Kind = Literal["better", "open", "worse", "few", "none"]
WORDS: Mapping[Kind, str] = {
    "better": "better than the floor",
    "open": "no difference shown",
    "worse": "worse than the floor",
    "few": "too few images",
    "none": "no floor",
}


class Verdict(NamedTuple):
    """How a measure compares with its floor."""

    kind: Kind
    sentence: str


class Interval(NamedTuple):
    """A measure with the ends of its 95 % interval."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, metrics: Mapping[str, float], name: str) -> "Interval":
        """The measure of that name in metrics.json."""
        return cls(metrics[name], metrics[f"{name}_low"], metrics[f"{name}_high"])

    @classmethod
    def exact(cls, value: float) -> "Interval":
        """A number that is not estimated."""
        return cls(value, value, value)

    def __str__(self) -> str:
        value, low, high = map(_number, self)
        return value if value == low == high else f"{value} ({low} to {high})"


def compared(what: str, own: Interval, floor: str, of_floor: Interval, lower_is_better: bool = False) -> Verdict:
    """Whether the interval of a measure is beyond the interval of its floor."""
    above, below = own.low > of_floor.high, own.high < of_floor.low
    kind: Kind = "open"
    if above or below:
        kind = "worse" if above == lower_is_better else "better"
    apart = "the intervals overlap" if kind == "open" else "the intervals are apart"
    if of_floor.low == of_floor.high:
        apart = "the interval has the floor in it" if kind == "open" else "the interval is beyond it"
    return Verdict(kind, f"{what}: {own}. Floor, {floor}: {of_floor}. {_begin(WORDS[kind])}: {apart}.")


def difference(what: str, own: Interval) -> Verdict:
    """Whether a measure minus its floor, on the same images, has an interval above 0."""
    kind: Kind = "better" if own.low > 0 else "worse" if own.high < 0 else "open"
    apart = "the interval of the difference has 0 in it" if kind == "open" else "the interval does not reach 0"
    return Verdict(kind, f"{what}: {own}. {_begin(WORDS[kind])}: {apart}.")


def without_floor(sentence: str) -> list[Verdict]:
    """The only verdict of a task that has no floor."""
    return [Verdict("none", sentence)]


def headline(verdicts: Sequence[Verdict]) -> Kind:
    """The verdict on a task in one word: that of its first measure, unless the images are too few."""
    kinds = [verdict.kind for verdict in verdicts]
    return "few" if "few" in kinds else kinds[0]


def _begin(text: str) -> str:
    return text[0].upper() + text[1:]


def _number(value: float) -> str:
    """Three decimals, or more for a small number."""
    return f"{value:.3g}" if 0 < abs(value) < 0.1 else f"{value:.3f}" if abs(value) < 100 else f"{value:.1f}"
