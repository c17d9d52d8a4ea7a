"""Training in bfloat16: the bodies of a model compute in it in the training step, and in float32 everywhere else."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras

FLOAT32, BFLOAT16 = "float32", "mixed_bfloat16"  # Keras's policies; in both of them variables are float32


def set_policy(layers: Sequence[keras.layers.Layer], policy: str) -> None:
    """Set Keras's policy of the layers and of all layers in them."""
    for layer in layers:
        for each in layer._flatten_layers():
            each.dtype_policy = policy


@contextmanager
def in_bfloat16(layers: Sequence[keras.layers.Layer]) -> Iterator[None]:
    """The layers compute in bfloat16 in what is called, or traced, in the block."""
    set_policy(layers, BFLOAT16)
    try:
        yield
    finally:
        set_policy(layers, FLOAT32)


def traced_in_bfloat16(step: Callable[..., Any], layers: Sequence[keras.layers.Layer]) -> Callable[..., Any]:
    """The training function, whose first call traces it.

    The block is around the whole call, because the replicas of a strategy trace their steps in threads that take turns.
    """

    def traced(iterator: Any) -> Any:
        with in_bfloat16(layers):
            return step(iterator)

    return traced
