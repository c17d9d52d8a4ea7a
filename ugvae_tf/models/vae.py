"""VAE and beta-VAE: one Gaussian z per image, and no variable of the group."""

from typing import Any, ClassVar

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from ugvae_tf import gaussian
from ugvae_tf.config import ModelName
from ugvae_tf.models.family import FamilyModel, Posterior
from ugvae_tf.models.inputs import ImageShape


@keras.saving.register_keras_serializable("ugvae_tf")
class Vae(FamilyModel):
    """Variational autoencoder (Kingma and Welling 2014; paper figure 1a).

    p(X, Z) = prod_i p(z_i) p(x_i | z_i), z_i ~ N(0, I). A group is only a mini-batch.
    """

    model_name: ClassVar[ModelName] = "vae"

    def __init__(self, image_shape: ImageShape = (28, 28, 1), seed: int = 0, **settings: Any) -> None:
        super().__init__(image_shape, seed, **settings)
        self.build()

    def posterior(
        self, images: tf.Tensor, mask: tf.Tensor, seed: tf.Tensor | None, training: bool = False
    ) -> Posterior:
        """q(Z | X) (paper eq. 6)."""
        _, q_z, z = self.local_posterior(images, mask, seed, training)
        return Posterior(q_z, z)

    def local_prior(self, beta: tf.Tensor | None) -> tfd.Distribution:
        """N(0, I)."""
        return gaussian.standard([1, 1, self.config.local_size])


@keras.saving.register_keras_serializable("ugvae_tf")
class BetaVae(Vae):
    """beta-VAE (Higgins et al. 2017): a VAE with weight `kl_weight`, usually above 1, of the KL in training."""

    model_name = "beta-vae"
