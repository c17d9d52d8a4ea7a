"""The end of a run in which another worker of the cluster has ended."""

from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf

from ugvae_tf.errors import UserError

LOST = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.InternalError,
)


@contextmanager
def with_all_workers(strategy: tf.distribute.Strategy) -> Iterator[None]:
    """UserError in place of TensorFlow's errors for a worker that does not answer; with one worker there are none."""
    try:
        yield
    except LOST as error:
        if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
            raise
        raise UserError(
            "Another worker of the cluster has ended or cannot be reached, so this one ends too: start all workers "
            "again with `resume`, and they continue from the last checkpoint."
        ) from error
