"""What a run writes for TensorBoard while it trains: scalars of steps and epochs, pictures, and its settings."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ugvae_tf.config import Config
from ugvae_tf.models.executions import steps_done
from ugvae_tf.training import monitoring
from ugvae_tf.training.board_layout import layout, settings_table

SIDES = {"train": "", "validation": "val_"}  # names of the runs in TensorBoard, and the prefix of their losses
RUN = "run"  # of what belongs to neither of them


class Board(keras.callbacks.Callback):
    """Write scalars with one tag for training and validation, so that each chart has both.

    The files are closed with the `with` block, in whatever way training ends. A full disk ends the run with its
    checkpoint, after the row of the epoch, and not with what is written here.

    Args:
        steps: of an epoch.
        images: one group that is not trained on, [B, H, W, C] in [0, 1], for the pictures.
        every: epochs between two pictures.
    """

    def __init__(self, logs: Path, config: Config, steps: int, images: np.ndarray, every: int = 5) -> None:
        super().__init__()
        self.logs, self.config, self.steps, self.images, self.every = logs, config, steps, images, every
        self._writers: dict[str, Any] = {}
        self._done, self._sum = 0, 0.0

    def __enter__(self) -> "Board":
        return self

    def __exit__(self, *_: object) -> None:
        for writer in self._writers.values():
            with suppress(tf.errors.OpError):
                writer.close()

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        if self._writers:  # a resumed run that finishes an epoch begins twice
            return
        self._writers = {name: tf.summary.create_file_writer(str(self.logs / name)) for name in (*SIDES, RUN)}
        with self._writers[RUN].as_default(step=0):
            tf.summary.text("settings", settings_table(self.config))
            tf.summary.experimental.write_raw_pb(layout().SerializeToString())

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._done, self._sum = 0, 0.0

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Write the mean loss of the steps since the last call, from the means over the epoch.

        The rest of an epoch that was stopped has none: its means count the steps before too.
        """
        if self.params["steps"] < self.steps:
            return
        done, before = steps_done(batch, self.params), (self._done, self._sum)
        self._done, self._sum = done, done * _mean((logs or {})["loss"])
        with (
            suppress(tf.errors.OpError),
            self._writers["train"].as_default(step=int(self.model.optimizer.iterations.numpy())),
        ):
            tf.summary.scalar("loss/step", (self._sum - before[1]) / (done - before[0]))

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        with suppress(tf.errors.OpError):
            self._write_epoch(epoch, {name: _mean(value) for name, value in (logs or {}).items()})

    def _write_epoch(self, epoch: int, found: dict[str, float]) -> None:
        for side, prefix in SIDES.items():
            with self._writers[side].as_default(step=epoch + 1):
                tf.summary.scalar("loss/epoch", found[f"{prefix}loss"])
                for name in self.model.term_names:
                    tf.summary.scalar(f"terms/{name}", found[f"{prefix}{name}"])
        with self._writers[RUN].as_default(step=epoch + 1):
            tf.summary.scalar("optimiser/learning_rate", float(self.model.optimizer.learning_rate.numpy()))
            if (epoch + 1) % self.every == 0:
                tf.summary.image("pictures/reconstructions", as_image(self._drawn("reconstructions")))
                tf.summary.image("pictures/samples", as_image(self._drawn("samples")))
        for writer in self._writers.values():
            writer.flush()

    def _drawn(self, name: str) -> bytes:
        if name == "samples":
            return monitoring.as_png(monitoring.component_samples(self.model))
        return monitoring.as_png(monitoring.reconstructions(self.model, self.images))


def as_image(png: bytes) -> tf.Tensor:
    """The content of a PNG file as uint8 [1, H, W, 4]."""
    return tf.image.decode_png(png, channels=4)[tf.newaxis]


def _mean(value: Any) -> float:
    """With several workers a metric has shape [1]."""
    return float(np.mean(value))
