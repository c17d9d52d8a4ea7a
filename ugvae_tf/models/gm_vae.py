"""GM-VAE: a mixture latent (z, d) per image, whose components are the same for all groups."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from ugvae_tf import gaussian
from ugvae_tf.layers import ComponentEncoder
from ugvae_tf.models.family import FamilyModel, Posterior
from ugvae_tf.models.inputs import ImageShape

LARGEST_START = 0.98  # absolute log variance of a component that is set; beyond it tanh leaves hardly a gradient


@keras.saving.register_keras_serializable("ugvae_tf")
class GmVae(FamilyModel):
    """Gaussian mixture VAE (Dilokthanakul et al. 2016; paper figure 1b): UG-VAE without beta.

    p(X, Z, d) = prod_i p(d_i) p(z_i | d_i) p(x_i | z_i)

    Its bound is eq. 11 of the paper without beta: E log p(x | z) - E_q(d) KL(q(z | x) || p(z | d))
    - KL(q(d | z) || p(d)). The components' moments are learned numbers, and q(d | z) is a network
    as in eq. 7. In the model of Dilokthanakul et al., the components also depend on a noise variable w
    of each image. This model has no w: in this family the components depend on beta only, and this is
    the model without beta.
    """

    model_name = "gm-vae"

    def __init__(self, image_shape: ImageShape = (28, 28, 1), seed: int = 0, **settings: Any) -> None:
        super().__init__(image_shape, seed, **settings)
        config = self.config
        if config.component_posterior == "network":
            self.component_encoder = ComponentEncoder(config)
        shape = [1, config.components, config.local_size]
        apart = keras.initializers.RandomNormal(stddev=1.0)  # equal initial components would stay equal
        self.component_mean = self.add_weight(shape=shape, initializer=apart, dtype="float32", name="component_mean")
        self.raw_log_variance = self.add_weight(
            shape=shape, initializer="zeros", dtype="float32", name="raw_log_variance"
        )
        self.build()

    def set_components(self, mean: np.ndarray, variance: np.ndarray) -> None:
        """Set the moments of p(z | d) to these [K, L]; variances beyond the limits are set to the limit."""
        limited = np.clip(np.log(variance), -LARGEST_START, LARGEST_START)
        self.component_mean.assign(mean[np.newaxis])
        self.raw_log_variance.assign(np.arctanh(limited)[np.newaxis])

    def posterior(
        self, images: tf.Tensor, mask: tf.Tensor, seed: tf.Tensor | None, training: bool = False
    ) -> Posterior:
        """q(Z | X) q(d | Z) (paper eq. 6-7)."""
        _, q_z, z = self.local_posterior(images, mask, seed, training)
        return Posterior(q_z, z, self.component_encoder(z) if self.config.component_posterior == "network" else None)

    def local_prior(self, beta: tf.Tensor | None) -> tfd.Distribution:
        """p(z | d); its log variance lies in [-1, 1], as UG-VAE's does."""
        return gaussian.diagonal(
            tf.convert_to_tensor(self.component_mean), tf.exp(0.5 * tf.tanh(self.raw_log_variance))
        )
