"""The strategy on one CPU: the same elements, a new order in every epoch, and an end without a wait."""

import time

import keras
import numpy as np
import pytest
import tensorflow as tf
from small_models import IMAGE_SHAPE

import ugvae_tf as ug
from ugvae_tf.training.cpu_strategy import CpuStrategy
from ugvae_tf.training.fitting import make_strategy

ONE_CPU = CpuStrategy(["CPU:0"], cross_device_ops=tf.distribute.ReductionToOneDevice())
GROUPS = np.random.default_rng(0).random([70, 3, *IMAGE_SHAPE], np.float32)


class Ends(keras.callbacks.Callback):
    """Keeps the time at which training ends, before Keras gives up its iterators."""

    def on_train_end(self, logs=None):
        self.time = time.monotonic()


def new_model(strategy: tf.distribute.Strategy) -> ug.Vae:
    with strategy.scope():
        keras.utils.set_random_seed(0)
        model = ug.Vae(IMAGE_SHAPE, hidden_units=3, local_size=2)
        model.compile(steps_per_execution=5)
    return model


def in_twos() -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices(GROUPS).batch(2)


def drawn() -> tf.data.Dataset:
    return tf.data.Dataset.random(3, rerandomize_each_iteration=True).take(5)


def two_passes(numbers) -> list[list[int]]:
    return [[int(number) for number in numbers] for _ in range(2)]


def test_training_without_gpus_has_this_strategy():
    assert isinstance(make_strategy(), CpuStrategy)


def test_elements_order_and_number_are_those_of_the_dataset():
    squares = tf.data.Dataset.range(7).map(lambda n: n * n, num_parallel_calls=tf.data.AUTOTUNE).prefetch(2)
    found = ONE_CPU.experimental_distribute_dataset(squares)
    assert two_passes(found) == [[0, 1, 4, 9, 16, 25, 36]] * 2
    assert found.cardinality == 7


def test_every_pass_has_a_new_order_as_in_the_dataset():
    first, second = two_passes(ONE_CPU.experimental_distribute_dataset(drawn()))
    assert [first, second] == two_passes(drawn())
    assert first != second


@pytest.mark.slow
def test_one_model_takes_arrays_datasets_and_distributed_datasets():
    """TensorFlow traces the step for one kind of iterator only."""
    model = new_model(ONE_CPU)
    for groups in (in_twos(), GROUPS, ONE_CPU.experimental_distribute_dataset(in_twos())):
        model.fit(groups, verbose=0, **({"batch_size": 2} if groups is GROUPS else {}))
    assert model.evaluate(GROUPS, verbose=0) == pytest.approx(model.evaluate(in_twos(), verbose=0), rel=0.1)
    predicted = [
        model.predict(groups, verbose=0)["z_mean"]
        for groups in (in_twos(), ONE_CPU.experimental_distribute_dataset(in_twos()))
    ]
    np.testing.assert_array_equal(*predicted)


@pytest.mark.slow
def test_weights_are_those_of_the_default_strategy():
    """The noise is a function of seed and step, whatever the strategy."""
    models = [new_model(strategy) for strategy in (ONE_CPU, tf.distribute.get_strategy())]
    for model in models:
        model.fit(in_twos(), epochs=2, verbose=0)
    for one, other in zip(*(model.get_weights() for model in models), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.slow
def test_fit_returns_as_soon_as_training_ends():
    model, waits = new_model(ONE_CPU), []
    for _ in range(5):
        ends = Ends()
        model.fit(in_twos().repeat(), steps_per_epoch=800, verbose=0, callbacks=[ends])
        waits.append(time.monotonic() - ends.time)
    # Through the iterators of MirroredStrategy the waits are about as long as the training, in every second fit.
    assert max(waits) < 0.5
