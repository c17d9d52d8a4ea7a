"""The start of the components of p(z | d): at random, or from the codes of a plain VAE."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ugvae_tf import gaussian, progress
from ugvae_tf.config import TrainingConfig
from ugvae_tf.datasets.image_set import ImageSet, scaled
from ugvae_tf.models.gm_vae import GmVae

CODED = 4096  # images that are encoded at once
SHARE_STEPS, SHARE_IMAGES, SHARE_RATE = 3000, 256, 1e-3  # of the training with q(d) fixed to the mixture's


class ComponentStart(keras.callbacks.Callback):
    """Set the components to a mixture of the codes of training images, when the pre-training is over.

    Before, all components are equal (tied_components.py): the model is a VAE with one Gaussian prior, which is learned.
    VaDE (Jiang et al. 2017) starts in this way, from the codes of an autoencoder. The components are
    a function of the checkpoint, the images and the seed, so a resumed run has the same ones.
    """

    def __init__(self, training: TrainingConfig, steps: int, images: ImageSet) -> None:
        super().__init__()
        self.training, self.images = training, images
        self.step = training.pre_training * steps

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Not in an epoch that is resumed: its first steps were done with the new components."""
        if int(self.model.optimizer.iterations.numpy()) == self.step:
            start_components(self.model, self.images.images, self.training)


def start_components(model: GmVae, images: np.ndarray, training: TrainingConfig) -> None:
    """Set p(z | d) to a mixture of the codes of images [N, H, W, C], then fit the model to its components."""
    from ugvae_tf.evaluation.code_mixture import code_mixture  # scikit-learn: at its first use

    with progress.phase("Finding clusters of the codes"):
        parts = [model.encode(images[start : start + CODED]) for start in range(0, len(images), CODED)]
        mean, stddev = (np.concatenate([getattr(codes, name)[0] for codes in parts]) for name in ("z_mean", "z_stddev"))
        neighbours = training.component_start == "neighbours"
        mixture = code_mixture(mean.astype(float), stddev, model.config.components, training.seed, neighbours)
    model.set_components(mixture.mean, mixture.variance)
    with progress.phase("Fitting the encoder to the clusters"):
        fit_to_shares(model, images, mixture.shares, SHARE_STEPS)


def fit_to_shares(model: GmVae, images: np.ndarray, shares: np.ndarray, steps: int) -> None:
    """Train with q(d) of the images fixed to these shares [N, K], by an optimiser of its own.

    The mixture has full covariances, p(z | d) has diagonal ones: with q(d) at its maximum at once, images between two
    components leave their cluster before the encoder has adapted. With more steps, fewer images left it in our trial
    (docs/results.md).
    """
    strategy, random = model.distribute_strategy, np.random.default_rng(model.seed)
    with strategy.scope():
        optimiser = keras.optimizers.Adam(SHARE_RATE)
        optimiser.build(model.trainable_variables)

    def step(group: tf.Tensor, of_group: tf.Tensor, number: tf.Tensor) -> None:
        strategy.run(_share_step, (model, optimiser, group, of_group, number))

    compiled = tf.function(step)
    for number in range(steps):
        chosen = random.integers(len(images), size=[1, SHARE_IMAGES])
        compiled(scaled(images[chosen]), tf.constant(shares[chosen], tf.float32), tf.constant(number))


def _share_step(model: GmVae, optimiser: keras.Optimizer, group: tf.Tensor, shares: tf.Tensor, step: tf.Tensor) -> None:
    """One step of gradient ascent on the bound of one group [1, B, H, W, C] with q(d) = shares [1, B, K]."""
    mask = tf.ones(tf.shape(group)[:2])
    with tf.GradientTape() as tape:
        _, q_z, z = model.local_posterior(group, mask, model.sampling_seed(step), True)
        kl_z = tf.reduce_sum(shares * gaussian.kl_to_components(q_z, model.local_prior(None)), axis=[1, 2])
        loss = tf.nn.compute_average_loss((kl_z - model.log_px(group, mask, z, None)) / tf.reduce_sum(mask, axis=1))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimiser.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
