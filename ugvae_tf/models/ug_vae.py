"""UG-VAE: a mixture latent (z, d) per image; the components depend on a Gaussian beta per group."""

from typing import Any

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from ugvae_tf.layers import ComponentEncoder, ComponentPrior, GlobalEncoder, MixturePrior
from ugvae_tf.models.family import FamilyModel, Posterior
from ugvae_tf.models.inputs import ImageShape


@keras.saving.register_keras_serializable("ugvae_tf")
class UgVae(FamilyModel):
    """Unsupervised Global VAE.

    p(X, Z, d, beta) = p(beta) prod_i p(d_i) p(z_i | d_i, beta) p(x_i | z_i, beta)  (paper eq. 1)
    """

    model_name = "ug-vae"

    def __init__(self, image_shape: ImageShape = (28, 28, 1), seed: int = 0, **settings: Any) -> None:
        super().__init__(image_shape, seed, **settings)
        config = self.config
        self.component_encoder = ComponentEncoder(config)
        self.global_encoder = GlobalEncoder(config)
        self.mixture_prior = MixturePrior(config)
        if config.component_prior == "beta":
            self.proportions = ComponentPrior(config)
        self.build()

    def posterior(
        self, images: tf.Tensor, mask: tf.Tensor, seed: tf.Tensor | None, training: bool = False
    ) -> Posterior:
        """q(Z | X), q(d | Z) and the experts of q(beta | X, Z) (paper eq. 5)."""
        features, q_z, z = self.local_posterior(images, mask, seed, training)  # eq. 6
        q_d = self.component_encoder(z)  # eq. 7
        return Posterior(q_z, z, q_d, self.global_encoder(features, q_d.probs_parameter()))  # eq. 8

    def component_prior(self, beta: tf.Tensor | None) -> tfd.Distribution:
        """p(d | beta): uniform (paper eq. 4), or a function of beta."""
        return super().component_prior(beta) if self.config.component_prior == "uniform" else self.proportions(beta)

    def local_prior(self, beta: tf.Tensor | None) -> tfd.Distribution:
        """p(z | d, beta) (paper eq. 3)."""
        return self.mixture_prior(beta)
