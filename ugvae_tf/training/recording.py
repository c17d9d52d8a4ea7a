"""The row of every epoch in history.csv."""

from typing import Any

import keras
import numpy as np

from ugvae_tf.training.history import History


class RecordEpoch(keras.callbacks.Callback):
    """Write the row of an epoch at its end, before its checkpoint: no epoch that is done lacks its row."""

    def __init__(self, history: History) -> None:
        super().__init__()
        self.history = history

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.history.path.touch()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.history.write(epoch, {name: np.mean(value) for name, value in sorted((logs or {}).items())})
