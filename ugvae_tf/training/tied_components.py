"""Components of p(z | d) that are equal in the first steps of training: the model is then a VAE."""

import keras
import numpy as np
import tensorflow as tf

from ugvae_tf.models.gm_vae import GmVae


class EqualComponents(keras.constraints.Constraint):
    """Replace the values of the components [1, K, L] by their mean, until a step of training.

    Equal components have equal gradients, but rounding makes them differ, and the bound makes them differ more.
    """

    def __init__(self, iterations: keras.Variable, steps: int) -> None:
        self.iterations, self.steps = iterations, steps

    def __call__(self, values: tf.Tensor) -> tf.Tensor:
        values = tf.convert_to_tensor(values)
        equal = tf.repeat(tf.reduce_mean(values, axis=1, keepdims=True), values.shape[1], axis=1)
        return tf.where(self.iterations < self.steps, equal, values)


def tie_components(model: GmVae, steps: int) -> None:
    """Start all components of a compiled model at N(0, I), and keep them equal for these steps.

    The optimiser's constraint acts within a step: a resumed run has the weights of an undisturbed one.
    """
    shape = model.config.components, model.config.local_size
    model.set_components(np.zeros(shape), np.ones(shape))
    for moment in (model.component_mean, model.raw_log_variance):
        moment.constraint = EqualComponents(model.optimizer.iterations, steps)
