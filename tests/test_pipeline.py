"""The input of `fit` on one CPU: the same elements, a new order in every epoch, and an end without a wait."""

import time

import keras
import numpy as np
import pytest
import tensorflow as tf
from small_models import IMAGE_SHAPE, ONE_REPLICA, TWO_REPLICAS

import ugvae_tf as ug
from ugvae_tf.models.pipeline import on_one_cpu

GROUPS = np.random.default_rng(0).random([700, 3, *IMAGE_SHAPE], np.float32)


class Ends(keras.callbacks.Callback):
    """Keeps the time at which training ends, before Keras gives up its iterators."""

    def on_train_end(self, logs=None):
        self.time = time.monotonic()


def two_passes(groups: tf.data.Dataset) -> list[list[int]]:
    return [[int(number) for number in groups] for _ in range(2)]


def drawn() -> tf.data.Dataset:
    return tf.data.Dataset.random(3, rerandomize_each_iteration=True).take(5)


def test_elements_order_and_number_are_those_of_the_dataset():
    numbers = tf.data.Dataset.range(7).map(lambda n: n * n, num_parallel_calls=tf.data.AUTOTUNE).prefetch(2)
    plain = on_one_cpu(numbers, ONE_REPLICA)
    assert two_passes(plain) == [[0, 1, 4, 9, 16, 25, 36]] * 2
    assert plain.cardinality == 7


def test_every_pass_has_a_new_order_as_in_the_dataset():
    first, second = two_passes(on_one_cpu(drawn(), ONE_REPLICA))
    assert [first, second] == two_passes(drawn())
    assert first != second


@pytest.mark.parametrize("strategy", [tf.distribute.get_strategy, lambda: TWO_REPLICAS])
def test_other_strategies_get_the_dataset_itself(strategy):
    numbers = tf.data.Dataset.range(2)
    assert on_one_cpu(numbers, strategy()) is numbers


@pytest.mark.slow
def test_fit_returns_as_soon_as_training_ends():
    with ONE_REPLICA.scope():
        model = ug.Vae(IMAGE_SHAPE, hidden_units=3, local_size=2)
        model.compile(steps_per_execution=50)
    groups = tf.data.Dataset.from_tensor_slices(GROUPS).repeat().batch(2)
    waits = []
    for _ in range(5):
        ends = Ends()
        model.fit(groups, steps_per_epoch=1400, verbose=0, callbacks=[ends])
        waits.append(time.monotonic() - ends.time)
    # Through Keras's own distribution these waits are about as long as the training, in every second fit.
    assert max(waits) < 0.2
