"""Base class of all models: the terms of the bound, and the only training step."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from ugvae_tf.config.precision import check_precision
from ugvae_tf.models.executions import epoch_executions
from ugvae_tf.models.front import FrontDoor
from ugvae_tf.models.importance import importance_bound
from ugvae_tf.models.inputs import ImageShape, as_tensors
from ugvae_tf.models.precision import FLOAT32, set_policy, traced_in_bfloat16
from ugvae_tf.models.terms import ElboTerms, Objective, Terms

Tensors = dict[str, tf.Tensor]
Signature = tuple[Callable[..., Tensors], list[tf.TensorSpec]]


PADDED = "BatchNorm would count padding as images: give the model normalisation='group' for groups with a mask."


class GroupModel(FrontDoor):
    """A model of groups of images: subclasses build layers and define `elbo_terms` and `signatures`.

    Images are [G, B, H, W, C] in [0, 1]; the mask [G, B] is 1 for an image and 0 for padding,
    which comes last in its group.
    """

    jit_compile: bool  # a property of Keras
    train_function: Callable[..., Any] | None  # of Keras; None until it is made
    term_names: tuple[str, ...] = ElboTerms._fields  # in the order of the terms
    training_objective = Objective()
    steps_per_epoch: int | None = None  # of a training run, whose stream of groups goes on after an epoch

    def __init__(self, image_shape: ImageShape = (28, 28, 1), seed: int = 0, **settings: Any) -> None:
        super().__init__(image_shape, seed, **settings)
        self.term_metrics = [keras.metrics.Mean(name) for name in ("loss", *self.term_names)]

    def elbo_terms(self, images: tf.Tensor, mask: tf.Tensor, seed: tf.Tensor | None, training: bool = False) -> Terms:
        """One-sample estimate of the bound; without a seed, the posterior means replace the samples.

        `training` is Keras's: batch normalisation, random subsets of experts and pixel dropout depend on it.
        """
        raise NotImplementedError

    def signatures(self) -> dict[str, Signature]:
        """The signatures of the exported model: name -> (function of tensors, its input specs)."""
        raise NotImplementedError

    def build(self, input_shape: object = None) -> None:
        """Create all variables by one pass over a blank image; every constructor ends with this call."""
        if self.built:
            return
        set_policy([self], FLOAT32)  # whatever the policy of the process is
        self.elbo_terms(tf.zeros([1, 1, *self.image_shape]), tf.ones([1, 1]), seed=None)

    def _maybe_symbolic_build(self, iterator: object = None, data_batch: object = None) -> None:
        """Do nothing: all variables exist. Keras's method averages a batch over workers, which fails for several."""

    @property
    def bodies(self) -> list[keras.layers.Layer]:
        """The layers that compute in the precision of `compile` in the training step."""
        raise NotImplementedError

    def make_train_function(self, force: bool = False) -> None:
        """As Keras's, but an execution ends with the epoch of a training run; in bfloat16 where `compile` says so."""
        check_precision(self.precision)
        if self.train_function is not None and not force:
            return
        super().make_train_function(force)
        if self.steps_per_epoch is not None:
            self.train_function = epoch_executions(self, self.steps_per_epoch)
        if self.precision == "bfloat16" and self.train_function is not None:
            self.train_function = traced_in_bfloat16(self.train_function, self.bodies)

    def make_test_function(self, force: bool = False) -> Any:
        """As Keras's, but never compiled by XLA, which takes seconds for the few steps of a validation."""
        compiled = self.jit_compile
        self.jit_compile = False
        try:
            return super().make_test_function(force)
        finally:
            self.jit_compile = compiled

    def objective(self, terms: Terms, warmth: tf.Tensor | float = 1.0) -> tf.Tensor:
        """The objective that training maximises [G]; the ELBO at kl_weight 1 and after the warm-up."""
        return terms.log_px - self.config.kl_weight * warmth * terms.kl

    def objective_and_terms(
        self,
        images: tf.Tensor,
        mask: tf.Tensor,
        seed: tf.Tensor | None,
        warmth: tf.Tensor | float = 1.0,
        training: bool = False,
    ) -> tuple[tf.Tensor, Terms]:
        """The ELBO, or in a model without beta the importance-weighted bound, and the terms [G]."""
        samples, of_gradient = self.training_objective.importance_samples, self.training_objective.gradient_samples
        if samples is not None:
            return importance_bound(self, images, mask, seed, samples, warmth, training, of_gradient)
        terms = self.elbo_terms(images, mask, seed, training)
        return self.objective(terms, warmth), terms

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        return self.term_metrics

    def train_step(self, data: Any) -> Tensors:
        """One step of gradient ascent on the objective, in nats per image."""
        images, mask = as_tensors(data)
        if self.config.normalisation == "batch":
            tf.debugging.assert_equal(mask, tf.ones_like(mask), PADDED)
        with tf.GradientTape() as tape:
            step = self.optimizer.iterations
            warmth = self.training_objective.warmth(step)
            objective, terms = self.objective_and_terms(images, mask, self.sampling_seed(step), warmth, training=True)
            loss = -objective / tf.reduce_sum(mask, axis=1)  # [G]
            # The gradients of all replicas are summed: divide by the groups of all replicas.
            total = tf.nn.compute_average_loss(loss)
        gradients = tape.gradient(total, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        return self._update_metrics(loss, terms, mask)

    def test_step(self, data: Any) -> Tensors:
        """The terms of held-out groups, in nats per image."""
        images, mask = as_tensors(data)
        images_so_far = self.term_metrics[0].count  # differs from step to step, starts at 0 each time
        objective, terms = self.objective_and_terms(images, mask, self.sampling_seed(images_so_far))
        loss = -objective / tf.reduce_sum(mask, axis=1)
        return self._update_metrics(loss, terms, mask)

    def sampling_seed(self, step: tf.Tensor) -> tf.Tensor | None:
        """The random state, a function of seed, step and replica: checkpoints need not store it."""
        seed = tf.stack([tf.constant(self.seed, tf.int32), tf.cast(step, tf.int32)])
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        return tf.random.experimental.stateless_fold_in(seed, replica)

    def _update_metrics(self, loss: tf.Tensor, terms: Terms, mask: tf.Tensor) -> Tensors:
        """Update averages over images: the weight of a group is its number of images."""
        sizes = tf.reduce_sum(mask, axis=1)  # [G]
        per_image = [loss, *(term / sizes for term in terms)]
        for metric, values in zip(self.term_metrics, per_image, strict=True):
            metric.update_state(values, sample_weight=sizes)
        results = {metric.name: metric.result() for metric in self.term_metrics}
        if isinstance(self.distribute_strategy, tf.distribute.MultiWorkerMirroredStrategy):
            # Keras averages over workers along axis 0, which a scalar does not have: two messages in every step, so
            # it gets the loss alone.
            return {"loss": results["loss"][tf.newaxis]}
        return results

    def _get_metrics_result_or_logs(self, logs: object) -> dict[str, Any]:
        """The averages of an epoch over all workers, of which a step returns the loss alone. A method of Keras."""
        return self.get_metrics_result()
