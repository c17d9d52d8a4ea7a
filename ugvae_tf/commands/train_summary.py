"""The text that `ugvae train` prints at the end of a run. Without TensorFlow."""

from pathlib import Path
from textwrap import fill
from typing import Any

from ugvae_tf.commands.flags import as_flags
from ugvae_tf.serving import saved_model
from ugvae_tf.training.outcome import WIDTH
from ugvae_tf.training.outcome import summary as reached
from ugvae_tf.training.request import TrainRequest


def summary(request: TrainRequest, trained: Any, evaluate: str) -> str:
    """The text to print after a run; `evaluate` is the command line of that command."""
    folder = request.folder
    if not trained.is_new:
        then = ": raise `epochs` to continue it" if request.config.training.early_stopping is None else ""
        return as_flags(f"{folder.path} is complete and exported{then}.")
    if trained.version is None:
        return "This worker is done: the chief exports the model."
    return (
        f"{_result(request, trained)}\n"
        f"Exported to {trained.version}; figures: {folder.figures}\n"
        f"Curves: tensorboard --logdir {folder.logs}\n"
        f"Next: {evaluate} --task reconstruction --saved-model {folder.path}{_fewer(request, trained.version)}"
    )


def _result(request: TrainRequest, trained: Any) -> str:
    if trained.outcome is None:
        return "No epoch: these are the initial weights."
    terms = "  ".join(f"{name} {value:.2f}" for name, value in trained.validation.items())
    shown = "Validation images" if request.config.training.validation_share else "Held-out images"
    return as_flags(f"{fill(f'{shown}, in nats per image:  {terms}', WIDTH)}\n{reached(trained.outcome)}")


def _fewer(request: TrainRequest, version: Path) -> str:
    """The flag for groups of all held-out images, if they do not fill a group as in training."""
    held_out = saved_model.read_config(version).get("held_out_images") or 0
    return f" --group-size {held_out}" if 0 < held_out < request.config.data.group_size else ""
