"""The lines of a run in the terminal: compilation, the duration to expect, a bar in and a row after every epoch."""

import time
from contextlib import ExitStack
from typing import Any

import keras
import numpy as np

from ugvae_tf import progress
from ugvae_tf.models.executions import steps_done
from ugvae_tf.training.epoch_table import EpochTable, duration

FIRST_SECONDS = 2.0  # of training after which the duration of the run is estimated
BETWEEN_BARS = 0.1  # seconds


class Clock:
    """The seconds of an epoch's steps, without the calls that compiled them."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.steps, self.timed_steps = 0, 0
        self.training = self.validation = 0.0

    def lap(self) -> float:
        """Seconds since the last lap, or the begin of the epoch."""
        seconds, self.began = time.monotonic() - self.began, time.monotonic()
        return seconds

    @property
    def step(self) -> float | None:
        """Seconds of a training step, None before one was timed."""
        return self.training / self.timed_steps if self.timed_steps else None


class EpochLines(keras.callbacks.Callback):
    """Write to the log of the command, if there is one; the first call of a step is its compilation.

    A phase in the log ends with the `with` block, in whatever way training ends.

    Args:
        epochs: of the run.
        steps: of an epoch.
        images: of an epoch.
    """

    def __init__(self, epochs: int, steps: int, images: int) -> None:
        super().__init__()
        self.epochs, self.steps, self.images = epochs, steps, images
        self._phases, self._compiled = ExitStack(), set[str]()
        self._rows, self._has_estimate, self._drawn = 0, False, 0.0

    def __enter__(self) -> "EpochLines":
        return self

    def __exit__(self, *_: object) -> None:
        self._phases.close()

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._phases.close()
        self.table = EpochTable(self.epochs, self.model.term_names)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """TensorFlow now and then waits for seconds for the threads of its input pipeline (docs/speed.md)."""
        self._phases.enter_context(progress.phase("Closing the input pipeline"))

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.epoch, self.clock = epoch + 1, Clock()

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._begin("training")

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        done = steps_done(batch, self.params)
        steps, seconds = done - self.clock.steps, self.clock.lap()
        self.clock.steps = done
        if not self._was_compilation("training"):
            self.clock.timed_steps += steps
            self.clock.training += seconds
            self._estimate()
        self._bar(_mean((logs or {})["loss"]))

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.clock.lap()
        self._bar(None)

    def on_test_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._begin("validation")

    def on_test_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        seconds = self.clock.lap()
        if not self._was_compilation("validation"):
            self.clock.validation += seconds

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if not self._rows:
            progress.say(self.table.header())
        self._rows, step = self._rows + 1, self.clock.step
        found = {name: _mean(value) for name, value in (logs or {}).items()}
        speed = None if step is None else self.images / self.steps / step
        progress.say(self.table.row(self.epoch, found, speed, self._left(step)))

    def _left(self, step: float | None) -> float | None:
        if step is None:
            return None
        return (self.epochs - self.epoch) * (step * self.steps + self.clock.validation)

    def _begin(self, step: str) -> None:
        if step not in self._compiled:
            self._phases.enter_context(progress.phase(f"Compiling the {step} step"))

    def _was_compilation(self, step: str) -> bool:
        """Whether this was the first call of the step, whose phase ends."""
        if step in self._compiled:
            return False
        self._compiled.add(step)
        self._phases.close()
        return True

    def _bar(self, loss: float | None) -> None:
        log, now = progress.log(), time.monotonic()
        if log and (loss is None or now - self._drawn > BETWEEN_BARS):
            self._drawn = now
            log.redraw(self.table.bar(self.epoch, self.clock.steps / self.params["steps"], loss))

    def _estimate(self) -> None:
        """Print the duration once, in the first epoch, when enough steps have passed after the compilation."""
        if self._has_estimate or self._rows or self.clock.training < FIRST_SECONDS or self.clock.step is None:
            return
        self._has_estimate = True
        steps = self.params["steps"] - self.clock.steps + self.steps * (self.epochs - self.epoch)
        progress.say(f"Time left, from the first steps: about {duration(self.clock.step * steps)} and the validation.")


def _mean(value: Any) -> float:
    """With several workers a metric has shape [1]."""
    return float(np.mean(value))
