"""UG-VAE: a mixture latent (z, d) per image, whose components a Gaussian beta per group moves."""

from typing import NamedTuple

import tensorflow as tf
import tensorflow_probability as tfp
from tensorflow_probability import distributions as tfd

from ugvae_tf import gaussian, networks
from ugvae_tf.config import ModelConfig
from ugvae_tf.layers import ComponentEncoder, Decoder, GlobalEncoder, LocalEncoder, MixturePrior
from ugvae_tf.models.base import ElboTerms, GroupModel, Signature, Tensors, sum_over_group, without_padding


class Posterior(NamedTuple):
    """The variational family of paper eq. 5, and the z that q_d and q_beta were computed from."""

    q_z: tfd.Distribution  # batch [G, B], event [L]
    q_d: tfd.Distribution  # batch [G, B], K categories
    q_beta: tfd.Distribution  # batch [G], event [M]
    z: tf.Tensor  # [G, B, L]


class UgVae(GroupModel):
    """Unsupervised Global VAE.

    p(X, Z, d, beta) = p(beta) prod_i p(d_i) p(z_i | d_i, beta) p(x_i | z_i, beta)  (paper eq. 1)
    """

    def __init__(self, config: ModelConfig, image_shape: tuple[int, int, int], seed: int = 0) -> None:
        super().__init__(config, image_shape, seed)
        self.body = networks.ENCODERS[config.body](image_shape, config)
        self.local_encoder = LocalEncoder(config)
        self.component_encoder = ComponentEncoder(config)
        self.global_encoder = GlobalEncoder(config)
        self.mixture_prior = MixturePrior(config)
        self.decoder = Decoder(config, image_shape)

    def posterior(
        self, images: tf.Tensor, mask: tf.Tensor, seed: tf.Tensor | None, training: bool = False
    ) -> Posterior:
        """q(Z | X) q(d | Z) q(beta | X, Z) (paper eq. 5); without a seed, z is the mean of q(z)."""
        features = self.body(without_padding(images, mask), training=training)  # [G, B, F]
        q_z = self.local_encoder(features)  # eq. 6
        z = q_z.mean() if seed is None else q_z.sample(seed=seed)  # [G, B, L]
        q_d = self.component_encoder(z)  # eq. 7
        q_beta = self.global_encoder(features, q_d.probs_parameter(), mask)  # eq. 8-9
        return Posterior(q_z, q_d, q_beta, z)

    def elbo_terms(
        self, images: tf.Tensor, mask: tf.Tensor, seed: tf.Tensor | None, training: bool = False
    ) -> ElboTerms:
        """The objective of paper eq. 10-11, with one sample of z and beta and d summed out.

        As in the paper, KL(q(z) || p(z | d, beta)) is in closed form, over a z that is independent
        of the beta it meets, though q(beta) saw the sampled z through q(d). So the objective is a
        strict bound only as far as one image's z does not sway the group's beta; the likelihood
        task of evaluate.py, whose q(beta) sees the mean of z, is a bound for any group.
        """
        z_seed, beta_seed = (None, None) if seed is None else tf.unstack(tfp.random.split_seed(seed, 2))
        q_z, q_d, q_beta, z = self.posterior(images, mask, z_seed, training)
        beta = q_beta.mean() if beta_seed is None else q_beta.sample(seed=beta_seed)  # [G, M]
        p_z = self.mixture_prior(beta)  # eq. 3
        p_x = self.decoder(z, beta)  # eq. 2
        p_beta = gaussian.diagonal(tf.zeros_like(beta), tf.ones_like(beta))
        probs = q_d.probs_parameter()  # [G, B, K]
        kl_z = tf.reduce_sum(probs * gaussian.kl_to_components(q_z, p_z), axis=-1)  # eq. 11, E_q(d)
        kl_d = tf.math.log(float(self.config.components)) - q_d.entropy()  # eq. 11 with p(d) of eq. 4
        return ElboTerms(
            log_px=sum_over_group(p_x.log_prob(without_padding(images, mask)), mask),  # eq. 11
            kl_z=sum_over_group(kl_z, mask),
            kl_d=sum_over_group(kl_d, mask),
            kl_beta=q_beta.kl_divergence(p_beta),  # eq. 10
        )

    def encode(self, images: tf.Tensor, mask: tf.Tensor) -> Tensors:
        """The codes of each group and image: q_beta and q_z, and q_d and the experts at the mean of z."""
        q_z, q_d, q_beta, _ = self.posterior(images, mask, seed=None)
        return {
            "beta_mean": q_beta.mean(),  # [G, M]
            "beta_stddev": q_beta.stddev(),  # [G, M]
            "z_mean": q_z.mean(),  # [G, B, L]
            "z_stddev": q_z.stddev(),  # [G, B, L]
            "component_probs": q_d.probs_parameter(),  # [G, B, K]
        }

    def experts(self, images: tf.Tensor) -> Tensors:
        """Natural parameters of every image's factor of q(beta): they sum over a group (eq. 9)."""
        features = self.body(images)
        q_d = self.component_encoder(self.local_encoder(features).mean())
        precision, precision_mean = self.global_encoder.experts(features, q_d.probs_parameter())
        return {"precision": precision, "precision_mean": precision_mean}  # [G, B, M]

    def prior(self, beta: tf.Tensor) -> Tensors:
        """The mixture components that beta sets (eq. 3)."""
        p_z = self.mixture_prior(beta)
        return {"z_mean": p_z.mean(), "z_stddev": p_z.stddev()}  # [G, K, L]

    def decode(self, z: tf.Tensor, beta: tf.Tensor) -> Tensors:
        """Mean and, for the Gaussian, standard deviation of every pixel (eq. 2)."""
        p_x = self.decoder(z, beta)
        decoded = {"image_mean": p_x.mean()}  # [G, B, H, W, C]
        if self.config.likelihood == "gaussian":
            decoded["image_stddev"] = p_x.stddev()  # [G, B, H, W, C]
        return decoded

    def signatures(self) -> dict[str, Signature]:
        """The signatures of design: every input and output leads with the axis of groups."""
        images = tf.TensorSpec([None, None, *self.image_shape], name="images")
        sizes = tf.TensorSpec([None], tf.int32, name="group_sizes")
        z = tf.TensorSpec([None, None, self.config.local_size], name="z")
        beta = tf.TensorSpec([None, self.config.global_size], name="beta")

        def encode(images: tf.Tensor) -> Tensors:
            return self.encode(images, tf.ones(tf.shape(images)[:2]))

        def encode_ragged(images: tf.Tensor, group_sizes: tf.Tensor) -> Tensors:
            return self.encode(images, tf.sequence_mask(group_sizes, tf.shape(images)[1], tf.float32))

        return {
            "serving_default": (encode, [images]),
            "encode_ragged": (encode_ragged, [images, sizes]),
            "experts": (self.experts, [images]),
            "prior": (self.prior, [beta]),
            "decode": (self.decode, [z, beta]),
        }
