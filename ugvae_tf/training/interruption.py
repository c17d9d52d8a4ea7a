"""Ctrl-C in Keras training."""

import signal
from types import FrameType
from typing import Any

import keras


class StopOnInterrupt(keras.callbacks.Callback):
    """End training after the step in which Ctrl-C was pressed; a second Ctrl-C ends it at once.

    An immediate KeyboardInterrupt is lost if it is raised in a callback of TensorFlow to Python
    during tracing or compilation; training would then continue.
    """

    def __init__(self) -> None:
        super().__init__()
        self.asked = False

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._before = signal.signal(signal.SIGINT, self._ask)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        signal.signal(signal.SIGINT, self._before)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._stop_if_asked()

    def on_test_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._stop_if_asked()

    def _ask(self, number: int, frame: FrameType | None) -> Any:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True

    def _stop_if_asked(self) -> None:
        if self.asked:
            self.on_train_end()
            raise KeyboardInterrupt
