"""Training steps that TensorFlow takes in one call, without a return to Python between them."""

from collections.abc import Callable, Mapping
from typing import Any

import keras
import tensorflow as tf
from keras.src.backend.tensorflow.trainer import reduce_per_replica


def epoch_executions(model: keras.Model, steps: int) -> Callable[[Any], dict[str, tf.Tensor]]:
    """A training function whose last execution in an epoch takes the steps that are left, as the stream goes on.

    Keras's function takes `steps_per_execution` steps of such a stream every time. That number would have to divide
    `steps`, the steps of an epoch, so it would be 1 for a prime number of steps (docs/speed.md).
    """
    strategy = model.distribute_strategy

    def on_replicas(data: Any) -> dict[str, tf.Tensor]:
        return reduce_per_replica(strategy.run(model.train_step, args=(data,)), strategy, reduction="auto")

    step = on_replicas
    if not model.run_eagerly:
        step = tf.function(on_replicas, autograph=False, jit_compile=model.jit_compile, reduce_retracing=True)

    def execution(iterator: Any) -> dict[str, tf.Tensor]:
        left = steps - tf.cast(model.optimizer.iterations, tf.int32) % steps
        results = step(iterator.get_next())
        if model.steps_per_execution == 1:
            return results
        count = tf.minimum(left, model.steps_per_execution)
        return tf.while_loop(
            lambda done, _: done < count, lambda done, _: (done + 1, step(iterator.get_next())), (1, results)
        )[1]

    return execution if model.run_eagerly else tf.function(execution, autograph=False)


def steps_done(batch: int, params: Mapping[str, Any]) -> int:
    """The steps of an epoch after Keras's `batch`, which counts the last execution as a whole one.

    Args:
        params: of the callback.
    """
    return min(batch + 1, params["steps"])
