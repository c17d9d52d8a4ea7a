"""The end of an input pipeline, which need not be waited for."""

from collections.abc import Callable
from typing import Any


def keeping_iterator(step: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The same training step, which keeps its last iterator until the next one comes.

    When an iterator is deleted, TensorFlow waits for the thread that tunes the input pipeline. Now and then this
    thread misses the signal to end and sleeps until its next turn: after minutes of training, for up to a minute.
    A kept iterator is not deleted at the end of `fit`, so the results follow at once. It holds the images of its
    dataset as long as the step lives, or until the next iterator.
    """
    last: list[Any] = []

    def kept(iterator: Any) -> Any:
        last[:] = [iterator]
        return step(iterator)

    return kept
