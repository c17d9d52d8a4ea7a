"""NestedVAE: pairs of images, and a VAE that predicts one image's z from the other's."""

from typing import Any, NamedTuple

import keras
import tensorflow as tf
import tensorflow_probability as tfp
from tensorflow_probability import distributions as tfd

from ugvae_tf import gaussian
from ugvae_tf.layers import GlobalEncoder, MixturePrior
from ugvae_tf.models.family import FamilyModel, Posterior
from ugvae_tf.models.inputs import ImageShape
from ugvae_tf.models.terms import Terms, sum_over_group


class NestedTerms(NamedTuple):
    """The bounds of the outer and of the nested VAE, summed; names as in ElboTerms, in nats."""

    log_px: tf.Tensor  # [G]  E_q log p(X | Z)
    kl_z: tf.Tensor  # [G]  KL(q(Z | X) || N(0, I))
    kl_d: tf.Tensor  # [G]  0: there is no d
    kl_beta: tf.Tensor  # [G]  sum_i KL(q(beta | z_i) || p(beta))
    log_pz: tf.Tensor  # [G]  sum_i E_q log p(z_j | beta), beta ~ q(beta | z_i), j the partner of i

    @property
    def kl(self) -> tf.Tensor:
        """Sum of the KL terms [G]."""
        return self.kl_z + self.kl_beta

    @property
    def elbo(self) -> tf.Tensor:
        """The outer VAE's bound on log p(X) plus the nested VAE's on log p(Z) [G]."""
        return self.log_px + self.log_pz - self.kl


@keras.saving.register_keras_serializable("ugvae_tf")
class NestedVae(FamilyModel):
    """NestedVAE (Vowels et al. 2020; paper figure 1d).

    The outer VAE is a standard VAE, shared by both images of a pair. The nested VAE encodes the z
    of one image to q(beta | z_i) and decodes beta to p(z_j | beta) of its partner, so beta
    represents what a pair has in common. The partner of an image is the next image of its group;
    that of the last image is the first. Groups should therefore share a factor: `group_by`. The
    weight of the nested bound is 1.

    The authors use pairs only. Here q(beta) of a group of any size is the product of the experts
    q(beta | z_i). A single image is its own partner. The exported `prior` is the nested decoder
    p(z | beta). evaluate.py computes the bound of p(beta) prod_i p(z_i | beta) p(x_i | z_i), not
    the training objective.
    """

    model_name = "nested-vae"

    term_names = NestedTerms._fields

    def __init__(self, image_shape: ImageShape = (28, 28, 1), seed: int = 0, **settings: Any) -> None:
        super().__init__(image_shape, seed, **settings)
        config = self.config
        self.nested_hidden = keras.layers.Dense(config.hidden_units, activation="relu")
        self.nested_encoder = GlobalEncoder(config)
        self.nested_decoder = MixturePrior(config)
        self.build()

    def posterior(
        self, images: tf.Tensor, mask: tf.Tensor, seed: tf.Tensor | None, training: bool = False
    ) -> Posterior:
        """q(Z | X), and the experts q(beta | z_i)."""
        _, q_z, z = self.local_posterior(images, mask, seed, training)
        return Posterior(q_z, z, experts=self.nested_encoder(self.nested_hidden(z)))

    def local_prior(self, beta: tf.Tensor | None) -> tfd.Distribution:
        """The nested decoder p(z | beta)."""
        return self.nested_decoder(beta)

    def elbo_terms(
        self, images: tf.Tensor, mask: tf.Tensor, seed: tf.Tensor | None, training: bool = False
    ) -> NestedTerms:
        """Both bounds, with one sample of every z and of every image's beta."""
        z_seed, beta_seed = (None, None) if seed is None else tf.unstack(tfp.random.split_seed(seed, 2))
        _, q_z, z = self.local_posterior(images, mask, z_seed, training)
        precision, precision_mean = self.nested_encoder(self.nested_hidden(z))
        q_beta = gaussian.diagonal(precision_mean / precision, tf.math.rsqrt(precision))  # of every image
        beta = q_beta.mean() if beta_seed is None else q_beta.sample(seed=beta_seed)  # [G, B, M]
        return NestedTerms(
            log_px=self.log_px(images, mask, z, None),
            kl_z=sum_over_group(q_z.kl_divergence(gaussian.standard_like(z)), mask),
            kl_d=tf.zeros(tf.shape(images)[:1]),
            kl_beta=sum_over_group(q_beta.kl_divergence(gaussian.standard_like(beta)), mask),
            log_pz=sum_over_group(self._log_partner(q_z, beta, mask), mask),
        )

    def _log_partner(self, q_z: tfd.Distribution, beta: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        """E_q(z_j) log p(z_j | beta_i) for every image i and its partner j [G, B], in closed form."""
        place = tf.range(1, tf.shape(mask)[1] + 1)[tf.newaxis]
        sizes = tf.cast(tf.reduce_sum(mask, axis=1, keepdims=True), tf.int32)
        partner = tf.where(place < sizes, place, 0)  # [G, B]
        mean, stddev = (tf.gather(moment, partner, batch_dims=1) for moment in (q_z.mean(), q_z.stddev()))
        p_z = self.nested_decoder(tf.reshape(beta, [-1, self.config.global_size]))  # batch [G*B, 1]
        flat = [-1, 1, self.config.local_size]
        of_partner = gaussian.diagonal(tf.reshape(mean, flat), tf.reshape(stddev, flat))
        log_density = -of_partner.kl_divergence(p_z) - of_partner.entropy()  # [G*B, 1]
        return tf.reshape(log_density, tf.shape(mask))

    def objective(self, terms: Terms, warmth: tf.Tensor | float = 1.0) -> tf.Tensor:
        """The sum of both bounds [G]; its KL terms have no warm-up."""
        return terms.elbo
