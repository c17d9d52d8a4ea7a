"""Text that is broken into lines by its measured width, so that a figure cuts none of it."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties

SMALL, NORMAL, LARGE = 8, 9, 11  # points
LINE = 1.25  # height of a line, in font sizes
MEASURED_AT = 240  # dots in an inch
ROUNDING = 1.06  # of characters to whole dots, which makes a line longer than the sum
MOST_CHARACTERS = 60  # of a line of a label


@cache
def _renderer() -> Any:
    return RendererAgg(1, 1, MEASURED_AT)  # type: ignore[no-untyped-call]


def _measured(text: str, size: float, weight: str) -> float:
    found, _, _ = _renderer().get_text_width_height_descent(text, FontProperties(size=size, weight=weight), False)
    return float(found / MEASURED_AT)


@cache
def _advance(character: str, size: float, weight: str) -> float:
    """The inches by which a character makes a line longer."""
    return _measured(f"x{character}x", size, weight) - _measured("xx", size, weight)


def width(text: str, size: float, weight: str = "normal") -> float:
    """The width of one line in inches, as the sum over its characters, which is quick."""
    return ROUNDING * sum(_advance(character, size, weight) for character in text)


def widest(texts: Sequence[str], size: float) -> float:
    """The width of the longest line of some texts in inches; 0 without a text."""
    return max((width(line, size) for text in texts for line in text.splitlines()), default=0.0)


def height(text: str, size: float) -> float:
    """The height of all lines in inches; 0 for an empty text."""
    return len(text.splitlines()) * size * LINE / 72


def wrapped(text: str, inches: float, size: float, weight: str = "normal") -> str:
    """The text in lines of at most `inches`, broken between words; a longer word is broken within."""
    lines: list[str] = []
    for paragraph in text.splitlines():
        line = ""
        for word in (part for each in paragraph.split() for part in _parts(each, inches, size, weight)):
            joined = f"{line} {word}" if line else word
            if line and width(joined, size, weight) > inches:
                lines.append(line)
                joined = word
            line = joined
        lines.append(line)
    return "\n".join(lines)


def _parts(word: str, inches: float, size: float, weight: str) -> list[str]:
    """A word, in parts of at most `inches` and of at least one character."""
    parts = [""]
    for character in word:
        if parts[-1] and width(parts[-1] + character, size, weight) > inches:
            parts.append("")
        parts[-1] += character
    return parts


def label(name: object, inches: float, size: float = NORMAL, lines: int = 2) -> str:
    """A name of any length in at most `lines` lines; of a longer one both ends, which names differ in."""
    text, kept = str(name), MOST_CHARACTERS * lines
    found = wrapped(text, inches, size)
    while found.count("\n") >= lines and kept > 1:
        kept = min(kept, len(text)) - 1
        found = wrapped(f"{text[: kept - kept // 2]}...{text[len(text) - kept // 2 :]}", inches, size)
    return found
