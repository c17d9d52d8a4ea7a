"""The signals that end Keras training: Ctrl-C, a request to terminate, and the end of the terminal."""

import os
import signal
from types import FrameType
from typing import Any

import keras

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STREAMS = (0, 1, 2)  # standard input, output and error


class StopOnInterrupt(keras.callbacks.Callback):
    """End training after the step in which one of `SIGNALS` came; a second Ctrl-C ends it at once.

    After the last step of an epoch, training ends after the validation, when the epoch's row and checkpoint are
    written; the callbacks that write them go before this one. Signals count inside the `with` block.

    An immediate KeyboardInterrupt is lost if it is raised in a callback of TensorFlow to Python
    during tracing or compilation; training would then continue.
    """

    def __init__(self) -> None:
        super().__init__()
        self.asked = False

    def __enter__(self) -> "StopOnInterrupt":
        self._terminals = [stream for stream in STREAMS if os.isatty(stream)]
        self._before = {number: signal.signal(number, self._ask) for number in SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if self.asked and batch + 1 < self.params["steps"]:
            raise KeyboardInterrupt

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self.asked:
            raise KeyboardInterrupt

    def _ask(self, number: int, frame: FrameType | None) -> Any:
        if number == signal.SIGHUP:
            self._leave_terminal()
        if self.asked and number == signal.SIGINT:  # shells and init systems repeat the other signals
            raise KeyboardInterrupt
        self.asked = True

    def _leave_terminal(self) -> None:
        """Text for a terminal that is closed goes nowhere: an error of writing would come before the state is saved."""
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in self._terminals:
            os.dup2(nowhere, stream)
        os.close(nowhere)
