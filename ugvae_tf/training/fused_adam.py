"""Adam whose update of a variable is one operation."""

from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("ugvae_tf")
class FusedAdam(keras.optimizers.Adam):
    """Keras's Adam (Kingma and Ba 2015) with the same state, in one pass over the memory of each variable.

    Keras computes the moments and the update by about ten operations, each of which reads and writes arrays of the size
    of the variable; with small batches this takes a large part of a training step on a CPU (docs/speed.md).
    """

    def update_step(self, gradient: tf.Tensor, variable: keras.Variable, learning_rate: Any) -> None:
        """Move a variable, and its moments, by one step."""
        place = self._get_variable_index(variable)
        step = tf.cast(self.iterations + 1, variable.dtype)
        beta_1, beta_2 = (tf.constant(beta, variable.dtype) for beta in (self.beta_1, self.beta_2))
        tf.raw_ops.ResourceApplyAdam(
            var=_handle(variable),
            m=_handle(self._momentums[place]),
            v=_handle(self._velocities[place]),
            beta1_power=beta_1**step,
            beta2_power=beta_2**step,
            lr=tf.cast(learning_rate, variable.dtype),
            beta1=beta_1,
            beta2=beta_2,
            epsilon=tf.constant(self.epsilon, variable.dtype),
            grad=tf.cast(gradient, variable.dtype),
        )


def _handle(variable: keras.Variable | tf.Variable) -> tf.Tensor:
    """The resource of a variable; a strategy updates TensorFlow's variables, of which Keras's are a shell."""
    resource: tf.Tensor = (variable.value if isinstance(variable, keras.Variable) else variable).handle
    return resource
