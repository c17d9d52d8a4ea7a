"""The text of the lines that a run prints: a row for every epoch, its bar, and durations. Without TensorFlow."""

from collections.abc import Mapping, Sequence

SPEED, LEFT, VALIDATION = "images/s", "left", "val_loss"
NARROW = 7  # of a KL term; other numbers have 8 characters, with the blank before them
BAR = 20  # characters


class EpochTable:
    """Rows of at most 80 characters.

    Args:
        epochs: of the whole run.
        terms: names of the terms of the bound.
    """

    def __init__(self, epochs: int, terms: Sequence[str]) -> None:
        self.epochs, self.terms = epochs, terms
        names = ["loss", *terms, VALIDATION, SPEED, LEFT]
        self._first = max(len("epoch"), 2 * len(str(epochs)) + 1)
        self._widths = {name: _width(name) for name in names}

    def header(self) -> str:
        """The names of the columns."""
        return "epoch".rjust(self._first) + "".join(name.rjust(width) for name, width in self._widths.items())

    def row(self, epoch: int, logs: Mapping[str, float], speed: float | None, left: float | None) -> str:
        """The row of an epoch, counted from 1.

        Args:
            logs: loss, terms and validation loss in nats per image.
            speed: images a second in training; None if it was not measured.
            left: seconds to the end of the last epoch, or None.
        """
        names = ("loss", *self.terms, VALIDATION)
        cells = {name: number(logs[name], self._widths[name] - 1) for name in names}
        cells |= {SPEED: "-" if speed is None else f"{speed:,.0f}", LEFT: "-" if left is None else clock(left)}
        return self._number(epoch) + "".join(text.rjust(self._widths[name]) for name, text in cells.items())

    def bar(self, epoch: int, done: float, loss: float | None) -> str:
        """The line of a running epoch.

        Args:
            done: fraction of its training steps.
            loss: over these steps; None in the validation.
        """
        full = int(BAR * done)
        what = "validation" if loss is None else f"{100 * done:3.0f} %  loss {number(loss)}"
        return f"{self._number(epoch)}  [{'#' * full}{'.' * (BAR - full)}] {what}"

    def _number(self, epoch: int) -> str:
        return f"{epoch}/{self.epochs}".rjust(self._first)


def _width(name: str) -> int:
    least = NARROW if name.startswith("kl_") or name == LEFT else 8
    return max(least, len(name) + 1)


def number(value: float, most: int = 7) -> str:
    """At most `most` characters, six or more: two digits after the point, or as many as fit, or an exponent."""
    for digits in (2, 1, 0):
        if len(text := f"{value:.{digits}f}") <= most:
            return text
    return f"{value:.0e}".replace("e+0", "e").replace("e+", "e")


def clock(seconds: float) -> str:
    """Such as 0:07, 12:30 or 3h04."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02}" if hours else f"{minutes}:{rest:02}"


def duration(seconds: float) -> str:
    """Such as 7 s, 12 min 30 s or 3 h 4 min."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
