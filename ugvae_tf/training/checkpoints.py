"""Checkpoints of a run, from which it can be resumed."""

import tempfile
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from ugvae_tf.models.base import GroupModel


class Checkpoints:
    """Checkpoints of a run: the model and the optimiser.

    Groups and noise are functions of (seed, step), so the optimiser's step determines them and the epoch.
    """

    def __init__(self, folder: Path, model: GroupModel, chief: bool = True) -> None:
        self.iterations = model.optimizer.iterations
        # With several workers all must call save, but only the chief's files are used.
        self._elsewhere = None if chief else tempfile.TemporaryDirectory()
        self.manager = tf.train.CheckpointManager(
            tf.train.Checkpoint(model=model, optimizer=model.optimizer),
            folder if self._elsewhere is None else self._elsewhere.name,
            max_to_keep=2,
        )
        self._folder = folder

    @property
    def step(self) -> int:
        """Training steps done."""
        return int(self.iterations.numpy())

    def save(self) -> None:
        """Write the present state."""
        self.manager.save()

    def restore(self) -> None:
        """Restore the newest checkpoint, if there is one."""
        newest = tf.train.latest_checkpoint(self._folder)
        if newest:
            self.manager.checkpoint.restore(newest).assert_existing_objects_matched()


class SaveEachEpoch(keras.callbacks.Callback):
    """Write a checkpoint at the end of every epoch."""

    def __init__(self, checkpoints: Checkpoints) -> None:
        super().__init__()
        self.checkpoints = checkpoints

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.checkpoints.save()
