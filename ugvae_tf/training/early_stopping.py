"""The end of training when the validation loss stops falling, as Keras does it, in runs that are resumed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np


class EarlyStopping(keras.callbacks.EarlyStopping):
    """Keras's, on the validation loss, that counts on from the epochs before a run was resumed.

    Args:
        patience: epochs without a lower loss after which training ends.
        losses: of the epochs that are done.
    """

    def __init__(self, patience: int, losses: Sequence[float] = ()) -> None:
        super().__init__("val_loss", patience=patience, mode="min")
        self.losses = list(losses)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        super().on_train_begin(logs)
        for epoch, loss in enumerate(self.losses):
            super().on_epoch_end(epoch, {"val_loss": loss})

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        super().on_epoch_end(epoch, logs)
        self.losses.append(float((logs or {})["val_loss"]))  # a resumed run that finishes an epoch begins twice


def best_weights(file: Path, losses: Sequence[float]) -> keras.callbacks.ModelCheckpoint:
    """Keras's callback that writes the weights of the epoch with the lowest validation loss.

    It goes before the callback that saves the state of the run: an epoch that is trained again after a kill
    writes its weights again.

    Args:
        losses: of the epochs that are done.
    """
    return keras.callbacks.ModelCheckpoint(
        str(file).replace("{", "{{").replace("}", "}}"),  # Keras fills in the epoch
        monitor="val_loss",
        mode="min",
        save_best_only=True,
        save_weights_only=True,
        initial_value_threshold=min(losses, default=None),
    )


def is_stopped(losses: Sequence[float], patience: int) -> bool:
    """Whether the losses of the epochs so far end training."""
    return len(losses) - 1 - int(np.argmin(losses)) >= patience if losses else False
