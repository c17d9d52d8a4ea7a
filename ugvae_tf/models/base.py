"""Base class of all models: the terms of the bound, and the only training step."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

import keras
import tensorflow as tf

from ugvae_tf.models.front import FrontDoor
from ugvae_tf.models.inputs import ImageShape, as_tensors

Tensors = dict[str, tf.Tensor]
Signature = tuple[Callable[..., Tensors], list[tf.TensorSpec]]


PADDED = "BatchNorm would count padding as images: give the model normalisation='group' for groups with a mask."


class ElboTerms(NamedTuple):
    """The evidence lower bound of each group, term by term, in nats; ELBO = log_px minus the KLs."""

    log_px: tf.Tensor  # [G]  E_q log p(X | Z, beta)
    kl_z: tf.Tensor  # [G]  E_q(d) KL(q(Z | X) || p(Z | d, beta))
    kl_d: tf.Tensor  # [G]  KL(q(d | Z) || p(d | beta)), p(d) uniform in the paper
    kl_beta: tf.Tensor  # [G]  KL(q(beta | X, Z) || p(beta))

    @property
    def kl(self) -> tf.Tensor:
        """Sum of the KL terms [G]."""
        return self.kl_z + self.kl_d + self.kl_beta

    @property
    def elbo(self) -> tf.Tensor:
        """The bound on log p(X) of each group [G]."""
        return self.log_px - self.kl


class Terms(Protocol):
    """The interface of a model's terms in training: those of ElboTerms, or more."""

    @property
    def log_px(self) -> tf.Tensor: ...

    @property
    def kl(self) -> tf.Tensor: ...

    @property
    def elbo(self) -> tf.Tensor: ...

    def __iter__(self) -> Iterator[tf.Tensor]: ...


class GroupModel(FrontDoor):
    """A model of groups of images: subclasses build layers and define `elbo_terms` and `signatures`.

    Images are [G, B, H, W, C] in [0, 1]; the mask [G, B] is 1 for an image and 0 for padding,
    which comes last in its group.
    """

    term_names: tuple[str, ...] = ElboTerms._fields  # in the order of the terms

    def __init__(self, image_shape: ImageShape = (28, 28, 1), seed: int = 0, **settings: Any) -> None:
        super().__init__(image_shape, seed, **settings)
        self.term_metrics = [keras.metrics.Mean(name) for name in ("loss", *self.term_names)]

    def elbo_terms(self, images: tf.Tensor, mask: tf.Tensor, seed: tf.Tensor | None, training: bool = False) -> Terms:
        """One-sample estimate of the bound; without a seed, the posterior means replace the samples.

        `training` is Keras's: batch normalisation and random subsets of experts depend on it.
        """
        raise NotImplementedError

    def signatures(self) -> dict[str, Signature]:
        """The signatures of the exported model: name -> (function of tensors, its input specs)."""
        raise NotImplementedError

    def build(self, input_shape: object = None) -> None:
        """Create all variables by one pass over a blank image; every constructor ends with this call."""
        if self.built:
            return
        self.elbo_terms(tf.zeros([1, 1, *self.image_shape]), tf.ones([1, 1]), seed=None)

    def _maybe_symbolic_build(self, iterator: object = None, data_batch: object = None) -> None:
        """Do nothing: all variables exist. Keras's method averages a batch over workers, which fails for several."""

    def objective(self, terms: Terms) -> tf.Tensor:
        """The objective that training maximises [G]; the ELBO at kl_weight 1."""
        return terms.log_px - self.config.kl_weight * terms.kl

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        return self.term_metrics

    def train_step(self, data: Any) -> Tensors:
        """One step of gradient ascent on the objective, in nats per image."""
        images, mask = as_tensors(data)
        if self.config.normalisation == "batch":
            tf.debugging.assert_equal(mask, tf.ones_like(mask), PADDED)
        with tf.GradientTape() as tape:
            terms = self.elbo_terms(images, mask, self.sampling_seed(self.optimizer.iterations), training=True)
            loss = -self.objective(terms) / tf.reduce_sum(mask, axis=1)  # [G]
            # The gradients of all replicas are summed: divide by the groups of all replicas.
            total = tf.nn.compute_average_loss(loss)
        gradients = tape.gradient(total, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        return self._update_metrics(loss, terms, mask)

    def test_step(self, data: Any) -> Tensors:
        """The terms of held-out groups, in nats per image."""
        images, mask = as_tensors(data)
        images_so_far = self.term_metrics[0].count  # differs from step to step, starts at 0 each time
        terms = self.elbo_terms(images, mask, self.sampling_seed(images_so_far))
        loss = -self.objective(terms) / tf.reduce_sum(mask, axis=1)
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
            # Keras averages over workers along axis 0, which a scalar does not have.
            return {name: result[tf.newaxis] for name, result in results.items()}
        return results


def without_padding(images: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """Images [G, B, H, W, C] with padding set to 0, for any content of the padding (NaN included)."""
    return tf.math.multiply_no_nan(images, mask[:, :, tf.newaxis, tf.newaxis, tf.newaxis])


def sum_over_group(values: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """Sum of per-image values [G, B] over the images of each group, without padding [G]."""
    return tf.reduce_sum(values * mask, axis=1)
