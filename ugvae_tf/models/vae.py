"""VAE and beta-VAE: every image alone, one Gaussian latent."""

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from ugvae_tf import gaussian
from ugvae_tf.models.family import FamilyModel, Posterior


class Vae(FamilyModel):
    """Variational autoencoder (Kingma and Welling 2014; paper figure 1a).

    p(X, Z) = prod_i p(z_i) p(x_i | z_i), z_i ~ N(0, I). A group is a mini-batch, no more.

    beta-VAE (Higgins et al. 2017) is this model with `kl_weight` above 1 in training.
    """

    def posterior(
        self, images: tf.Tensor, mask: tf.Tensor, seed: tf.Tensor | None, training: bool = False
    ) -> Posterior:
        """q(Z | X) (paper eq. 6)."""
        _, q_z, z = self.local_posterior(images, mask, seed, training)
        return Posterior(q_z, z)

    def local_prior(self, beta: tf.Tensor | None) -> tfd.Distribution:
        """N(0, I)."""
        return gaussian.standard([1, 1, self.config.local_size])
