"""What a command does and for how long: lines, and phases with their seconds. Without TensorFlow."""

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import TextIO

WORTH_A_LINE = 1.0  # seconds; of a shorter phase nothing stays
REFRESH = 0.5  # seconds between two updates of a running phase
WIDTH = 80  # of a terminal that does not say
ERASED = "\r\x1b[K"  # begins the line of a terminal anew
NAMED_QUIET = "TQDM_DISABLE"  # the variable that tqdm reads when it is imported


class Log:
    """Lines and phases on a stream; a running phase is redrawn on a terminal, and written once elsewhere."""

    def __init__(self, stream: TextIO) -> None:
        self.stream, self.is_terminal = stream, stream.isatty()

    def write(self, text: str) -> None:
        """Write at once: a reader of a pipe sees it, and no buffer is left at the end of the process.

        A terminal that is closed ends no run before its state is saved.
        """
        with suppress(OSError) if self.is_terminal else nullcontext():
            self.stream.write(text)
            self.stream.flush()

    def line(self, text: str) -> None:
        """Write a line that stays."""
        self.write(f"{ERASED if self.is_terminal else ''}{text}\n")

    def redraw(self, text: str) -> None:
        """Replace the present line of a terminal; elsewhere nothing happens."""
        if self.is_terminal:
            self.write(f"{ERASED}{text[: self._width() - 1]}")

    def _width(self) -> int:
        try:
            return os.get_terminal_size(self.stream.fileno()).columns or WIDTH
        except OSError:  # the terminal is closed
            return WIDTH

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Show the name and the seconds since the block began; after a second of them, keep a line."""
        began, done = time.monotonic(), threading.Event()
        watch = threading.Thread(target=self._watch, args=(name, began, done), daemon=True)
        watch.start()
        try:
            yield
        finally:
            done.set()
            watch.join()
            self._close(name, time.monotonic() - began)

    def _watch(self, name: str, began: float, done: threading.Event) -> None:
        if not self.is_terminal:
            if not done.wait(WORTH_A_LINE):
                with suppress(OSError):  # the pipe is closed: the next line of the command ends it
                    self.write(f"{name} ...")
            return
        while not done.wait(REFRESH):
            self.redraw(f"{name} ... {time.monotonic() - began:.0f} s")

    def _close(self, name: str, seconds: float) -> None:
        if seconds < WORTH_A_LINE:
            self.redraw("")
        elif self.is_terminal:
            self.line(f"{name}: {seconds:.1f} s")
        else:
            self.write(f" {seconds:.1f} s\n")


_LOGS: list[Log] = []  # of the command that runs; none in the use of the library


@contextmanager
def shown(stream: TextIO) -> Iterator[None]:
    """Show lines and phases on a stream in the block; library calls outside of a command show nothing."""
    _LOGS.append(Log(stream))
    try:
        yield
    finally:
        _LOGS.pop()


@contextmanager
def shown_in_terminal() -> Iterator[None]:
    """Show phases on standard error where it is a terminal: the results of a command go to standard output.

    Bars of tqdm appear there alone too.
    """
    if sys.stderr is None or not sys.stderr.isatty():
        os.environ.setdefault(NAMED_QUIET, "1")
        yield
        return
    with os.fdopen(os.dup(sys.stderr.fileno()), "w") as terminal, shown(terminal):  # beside quiet_tensorflow
        yield


def log() -> Log | None:
    """That of the running command, or None."""
    return _LOGS[-1] if _LOGS else None


def say(text: str) -> None:
    """Write a line to the log of the running command."""
    if _LOGS:
        _LOGS[-1].line(text)


@contextmanager
def phase(name: str) -> Iterator[None]:
    """A phase in the log of the running command."""
    if not _LOGS:
        yield
        return
    with _LOGS[-1].phase(name):
        yield
