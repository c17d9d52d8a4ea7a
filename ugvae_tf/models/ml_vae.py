"""ML-VAE: a Gaussian z per image and a Gaussian beta per group."""

from typing import Any

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from ugvae_tf import gaussian
from ugvae_tf.layers import GlobalEncoder
from ugvae_tf.models.family import FamilyModel, Posterior
from ugvae_tf.models.inputs import ImageShape


@keras.saving.register_keras_serializable("ugvae_tf")
class MlVae(FamilyModel):
    """Multi-level VAE (Bouchacourt et al. 2018; paper figure 1c): UG-VAE without the mixture.

    p(X, Z, beta) = p(beta) prod_i p(z_i) p(x_i | z_i, beta), with style z and content beta, and
    q(beta | X) a product of experts. Its authors train it on groups by a label (`group_by`);
    on random groups it is the model of the paper's figure 4.
    """

    model_name = "ml-vae"

    def __init__(self, image_shape: ImageShape = (28, 28, 1), seed: int = 0, **settings: Any) -> None:
        super().__init__(image_shape, seed, **settings)
        config = self.config
        self.global_encoder = GlobalEncoder(config)
        self.build()

    def posterior(
        self, images: tf.Tensor, mask: tf.Tensor, seed: tf.Tensor | None, training: bool = False
    ) -> Posterior:
        """q(Z | X), and the experts of q(beta | X) (paper eq. 6, and eq. 8 without d)."""
        features, q_z, z = self.local_posterior(images, mask, seed, training)
        return Posterior(q_z, z, experts=self.global_encoder(features))

    def local_prior(self, beta: tf.Tensor | None) -> tfd.Distribution:
        """N(0, I), for every beta."""
        return gaussian.standard([1, 1, self.config.local_size])
