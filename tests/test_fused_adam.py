"""Adam in one operation: the steps of the published algorithm, and Keras's state."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from small_models import IMAGE_SHAPE, ONE_REPLICA, TWO_REPLICAS, small_config

from ugvae_tf.config import Config
from ugvae_tf.training import fitting
from ugvae_tf.training.fused_adam import FusedAdam

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7
SIZES = (3, 5), (7,)
RATES = keras.optimizers.schedules.CosineDecay(0.3, 5, alpha=0.01)


def gradients(step: int) -> list[np.ndarray]:
    random = np.random.default_rng(step)
    return [random.normal(size=size).astype(np.float32) for size in SIZES]


def algorithm(start: np.ndarray, steps: list[np.ndarray], rates: list[float]) -> np.ndarray:
    """Algorithm 1 of Kingma and Ba 2015, with epsilon beside the uncorrected moment as in their section 2."""
    value, first, second = start.astype(float), 0.0, 0.0
    for number, (gradient, rate) in enumerate(zip(steps, rates, strict=True), start=1):
        first = BETA_1 * first + (1 - BETA_1) * gradient
        second = BETA_2 * second + (1 - BETA_2) * gradient.astype(float) ** 2
        size = rate * np.sqrt(1 - BETA_2**number) / (1 - BETA_1**number)
        value = value - size * first / (np.sqrt(second) + EPSILON)
    return value


def trained(optimiser_type: type, strategy: tf.distribute.Strategy, rate, steps: int) -> keras.optimizers.Optimizer:
    """The optimiser after some steps, with the variables as `trained`; replicas have halves of the gradient."""
    with strategy.scope():
        optimiser = optimiser_type(rate)
        variables = [keras.Variable(np.ones(size, np.float32)) for size in SIZES]
        optimiser.build(variables)

    def step(number: tf.Tensor) -> None:
        share = 1.0 / strategy.num_replicas_in_sync
        found = tf.numpy_function(lambda n: gradients(int(n)), [number], [tf.float32] * len(SIZES))
        grads = [share * tf.ensure_shape(each, size) for each, size in zip(found, SIZES, strict=True)]
        optimiser.apply_gradients(zip(grads, variables, strict=True))

    compiled = tf.function(lambda number: strategy.run(step, (number,)))
    for number in range(steps):
        compiled(tf.constant(number))
    optimiser.trained = [each.numpy() for each in variables]
    return optimiser


@pytest.mark.parametrize("strategy", [ONE_REPLICA, TWO_REPLICAS], ids=["one", "two"])
@pytest.mark.parametrize("rate", [0.2, RATES], ids=["constant", "schedule"])
def test_steps_are_those_of_the_algorithm(strategy, rate):
    rates = [rate if isinstance(rate, float) else float(rate(number)) for number in range(5)]
    found = trained(FusedAdam, strategy, rate, 5).trained
    for place, size in enumerate(SIZES):
        expected = algorithm(np.ones(size), [gradients(number)[place] for number in range(5)], rates)
        np.testing.assert_allclose(found[place], expected, rtol=2e-5, atol=1e-6)


def test_the_state_is_that_of_keras_so_a_run_can_resume_with_either():
    ours, keras_own = (trained(kind, ONE_REPLICA, 0.2, 3) for kind in (FusedAdam, keras.optimizers.Adam))
    assert [each.shape for each in ours.variables] == [each.shape for each in keras_own.variables]
    for one, other in zip(ours.variables, keras_own.variables, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-8)  # 1 - .999 in float32


def test_it_is_restored_from_its_configuration():
    restored = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(FusedAdam(0.3, beta_1=0.5)))
    assert isinstance(restored, FusedAdam) and restored.beta_1 == 0.5


@pytest.mark.parametrize(("xla", "expected"), [(False, FusedAdam), (True, keras.optimizers.Adam)])
def test_only_a_training_step_without_xla_has_it(xla, expected):
    assert (
        type(fitting.compiled_model(Config(model=small_config()), IMAGE_SHAPE, steps=3, xla=xla).optimizer) is expected
    )
