"""Checkpoints of a run, from which it can be resumed."""

import tempfile
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from ugvae_tf.errors import UserError
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
        """Write the present state; raises OSError if that fails, and then the checkpoints of before stay."""
        try:
            self.manager.save()
        except tf.errors.OpError as error:
            raise OSError(error.message.splitlines()[0]) from error

    def restore(self) -> bool:
        """Restore the newest whole checkpoint; without a checkpoint the initial state stays.

        Returns:
            Whether it is the newest one.

        Raises:
            UserError: there are checkpoints, but none is whole.
        """
        found = saved_checkpoints(self._folder)
        whole = next((prefix for prefix in found if is_whole(prefix)), None)
        if whole is not None:
            self.manager.checkpoint.restore(whole).assert_existing_objects_matched()
        elif found:
            raise nothing_to_resume(self._folder)
        return not found or whole == found[0]


def saved_checkpoints(folder: Path) -> list[str]:
    """The prefixes of the checkpoints in the folder, newest first, whatever TensorFlow's file `checkpoint` lists."""
    numbers = {int(file.stem.partition("-")[2]) for file in folder.glob("ckpt-*.index") if file.stem[5:].isdecimal()}
    return [str(folder / f"ckpt-{number}") for number in sorted(numbers, reverse=True)]


def is_whole(prefix: str) -> bool:
    """Whether every variable of the checkpoint can be read; TensorFlow compares their checksums."""
    try:
        reader = tf.train.load_checkpoint(prefix)
        for name in reader.get_variable_to_dtype_map():
            reader.get_tensor(name)
    except (tf.errors.OpError, ValueError, RuntimeError, LookupError):  # TensorFlow's, in Python's terms
        return False
    return True


def nothing_to_resume(folder: Path) -> UserError:
    """The error for a run whose state is lost."""
    return UserError(
        f"No checkpoint in {folder} is whole, so the run cannot be resumed: start a new run with `overwrite`."
    )


class SaveEachEpoch(keras.callbacks.Callback):
    """Write a checkpoint at the end of every epoch."""

    def __init__(self, checkpoints: Checkpoints) -> None:
        super().__init__()
        self.checkpoints = checkpoints

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.checkpoints.save()
