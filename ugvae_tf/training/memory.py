"""The end of a run for which the memory is too small."""

from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf

from ugvae_tf.errors import UserError


@contextmanager
def within_memory() -> Iterator[None]:
    """UserError in place of the error of NumPy or TensorFlow for an array that cannot be allocated."""
    try:
        yield
    except (MemoryError, tf.errors.ResourceExhaustedError) as error:
        raise UserError(
            "The memory is too small for this run: give smaller `group_size`, `groups_per_step`, `hidden_units` or "
            "`components`, or a smaller `memory_limit` for the images."
        ) from error
