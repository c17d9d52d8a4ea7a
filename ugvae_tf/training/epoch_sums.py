"""The sums behind the losses of an epoch that was stopped: its row in history.csv counts every step once."""

import json
from pathlib import Path
from typing import Any

import keras

from ugvae_tf.files import replace_text
from ugvae_tf.models.base import GroupModel


class EpochSums(keras.callbacks.Callback):
    """Saves the sums of the terms over the steps of an epoch that is stopped; the resumed epoch adds to them.

    The file counts only together with the checkpoint of the same step.
    """

    def __init__(self, path: Path, model: GroupModel) -> None:
        super().__init__()
        self.path, self._variables = path, [v for metric in model.metrics for v in metric.variables]
        self._saved: list[float] = []

    def save(self, step: int, write: bool) -> None:
        """Store the present sums; with several workers all read them, and one writes."""
        sums = [float(keras.ops.convert_to_numpy(variable)) for variable in self._variables]
        if write:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            replace_text(self.path, json.dumps({"step": step, "sums": sums}))

    def restore(self, step: int) -> None:
        """Take those of this step, if there are any, for the first epoch of training."""
        try:
            saved = json.loads(self.path.read_text(encoding="utf-8"))
            self._saved = saved["sums"] if saved["step"] == step else []
        except (OSError, ValueError, KeyError, TypeError):
            self._saved = []

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Keras has just set the sums to zero."""
        for variable, value in zip(self._variables, self._saved, strict=False):
            variable.assign(value)
        self._saved = []
