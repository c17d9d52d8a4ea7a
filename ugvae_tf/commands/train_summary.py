"""The text that `ugvae train` prints at the end of a run. Without TensorFlow."""

from textwrap import fill
from typing import Any

from ugvae_tf.commands.flags import as_flags
from ugvae_tf.commands.next_steps import next_steps
from ugvae_tf.training.outcome import WIDTH
from ugvae_tf.training.outcome import summary as reached
from ugvae_tf.training.request import TrainRequest


def summary(request: TrainRequest, trained: Any, prog: str) -> str:
    """The text to print after a run."""
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
        f"{next_steps(request, trained.version, prog)}"
    )


def _result(request: TrainRequest, trained: Any) -> str:
    if trained.outcome is None:
        return "No epoch: these are the initial weights."
    terms = "  ".join(f"{name} {value:.2f}" for name, value in trained.validation.items())
    shown = "Validation images" if request.config.training.validation_share else "Held-out images"
    return as_flags(f"{fill(f'{shown}, in nats per image:  {terms}', WIDTH)}\n{reached(trained.outcome)}")
