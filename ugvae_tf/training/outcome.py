"""What a run has reached, in the lines at its end. Without TensorFlow."""

from collections.abc import Sequence
from textwrap import fill
from typing import NamedTuple

from ugvae_tf.training.epoch_table import duration

WIDTH = 79


class Outcome(NamedTuple):
    """Validation losses in nats per image, and what they are compared with."""

    losses: Sequence[float]  # of every epoch
    exported: int  # place in `losses` of the epoch whose weights are exported
    floor: float  # the loss of the constant image that describes the validation images best
    trained: int  # epochs that this process trained
    seconds: float  # from its start to the export


def summary(outcome: Outcome) -> str:
    """The duration, the best epoch and the verdict."""
    best = 1 + best_epoch(outcome)
    lines = [
        f"Trained {_epochs(outcome.trained)} in {duration(outcome.seconds)}; "
        f"lowest validation loss after epoch {best} of {len(outcome.losses)}.",
        f"Verdict: {verdict(outcome)}",
    ]
    return "\n".join(fill(line, WIDTH, break_on_hyphens=False) for line in lines)


def best_epoch(outcome: Outcome) -> int:
    """The place of the lowest validation loss."""
    return min(range(len(outcome.losses)), key=outcome.losses.__getitem__)


def verdict(outcome: Outcome) -> str:
    """The exported loss beside the floor and the first epoch's, in one sentence."""
    losses, loss, best = outcome.losses, outcome.losses[outcome.exported], best_epoch(outcome)
    if loss >= outcome.floor:
        falling = len(losses) > 1 and best == len(losses) - 1
        return (
            f"the model describes the images no better ({loss:.2f}) than the best constant image "
            f"({outcome.floor:.2f}): {'train for more `epochs`' if falling else 'try a smaller `learning_rate`'}."
        )
    found = f"{outcome.floor - loss:.2f} nats per image better than the best constant image ({outcome.floor:.2f})"
    if len(losses) > 1:
        found += f", and {losses[0] - loss:.2f} better than after the first epoch ({losses[0]:.2f})"
    if best != outcome.exported:
        found += f"; epoch {best + 1} had {losses[best]:.2f}, and `early_stopping` exports the best epoch"
    return f"{found}."


def _epochs(count: int) -> str:
    return "1 epoch" if count == 1 else f"{count} epochs"
