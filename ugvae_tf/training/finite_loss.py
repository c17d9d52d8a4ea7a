"""The end of training at the first loss that is not a finite number."""

import math
from typing import Any

import keras
import numpy as np

from ugvae_tf.config import Config
from ugvae_tf.errors import UserError


class StopAtNonFiniteLoss(keras.callbacks.Callback):
    """Raise UserError in the step, or at the end of the epoch, whose loss is NaN or infinite.

    It goes before the callbacks that write history and checkpoints: what they wrote last is finite.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._check("loss", logs)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._check("val_loss", logs)

    def _check(self, name: str, logs: dict[str, Any] | None) -> None:
        loss = float(np.mean((logs or {}).get(name, 0.0)))  # with several workers it has shape [1]
        if not math.isfinite(loss):
            what = "validation loss" if name == "val_loss" else "loss"
            raise UserError(
                f"The {what} is {loss} at step {int(self.model.optimizer.iterations.numpy())}: {advice(self.config)}. "
                "Nothing is exported, and the last checkpoint stays as it was before."
            )


def advice(config: Config) -> str:
    """What to try, in one part of a sentence."""
    model = config.model
    trials = [f"a smaller `learning_rate` than {config.training.learning_rate:g}"]
    if model.likelihood == "gaussian" and model.observation_variance != "network":
        trials.append(f"a larger `pixel_variance` than {model.pixel_variance:g}")
    if model.kl_weight != 1:
        trials.append(f"a smaller `kl_weight` than {model.kl_weight:g}")
    return "start the run again with " + ", or ".join(trials)
