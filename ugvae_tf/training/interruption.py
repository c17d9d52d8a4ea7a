"""Ctrl-C in Keras training."""

import signal
from types import FrameType
from typing import Any

import keras


class StopOnInterrupt(keras.callbacks.Callback):
    """End training after the step in which Ctrl-C was pressed; a second Ctrl-C ends it at once.

    After the last step of an epoch, training ends after the validation, when the epoch's row and checkpoint are
    written; the callbacks that write them go before this one. Ctrl-C counts inside the `with` block.

    An immediate KeyboardInterrupt is lost if it is raised in a callback of TensorFlow to Python
    during tracing or compilation; training would then continue.
    """

    def __init__(self) -> None:
        super().__init__()
        self.asked = False

    def __enter__(self) -> "StopOnInterrupt":
        self._before = signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if self.asked and batch + 1 < self.params["steps"]:
            raise KeyboardInterrupt

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self.asked:
            raise KeyboardInterrupt

    def _ask(self, number: int, frame: FrameType | None) -> Any:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
