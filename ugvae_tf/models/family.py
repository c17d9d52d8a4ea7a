"""The family of paper figure 1: one bound for all, with or without d, with or without beta."""

from typing import Any, NamedTuple

import tensorflow as tf
import tensorflow_probability as tfp
from tensorflow_probability import distributions as tfd

from ugvae_tf import gaussian, networks
from ugvae_tf.layers import Decoder, LocalEncoder
from ugvae_tf.models.base import ElboTerms, GroupModel, Signature, Tensors, Terms, sum_over_group, without_padding
from ugvae_tf.models.inputs import ImageShape


class Posterior(NamedTuple):
    """The variational family of paper eq. 5, as far as a model has it, and the z that q_d and q_beta saw."""

    q_z: tfd.Distribution  # batch [G, B], event [L]
    z: tf.Tensor  # [G, B, L]
    q_d: tfd.Distribution | None = None  # batch [G, B], K categories
    q_beta: tfd.Distribution | None = None  # batch [G], event [M]


class FamilyModel(GroupModel):
    """Subclasses define `posterior` and `local_prior`; the bound, the codes and the signatures follow."""

    def __init__(self, image_shape: ImageShape = (28, 28, 1), seed: int = 0, **settings: Any) -> None:
        super().__init__(image_shape, seed, **settings)
        config = self.config
        self.body = networks.ENCODERS[config.body](image_shape, config)
        self.local_encoder = LocalEncoder(config)
        self.decoder = Decoder(config, image_shape)

    def posterior(
        self, images: tf.Tensor, mask: tf.Tensor, seed: tf.Tensor | None, training: bool = False
    ) -> Posterior:
        """The variational family; without a seed, z is the mean of q(z)."""
        raise NotImplementedError

    def local_prior(self, beta: tf.Tensor | None) -> tfd.Distribution:
        """p(z | d, beta): batch shape [G, K], or [1, K] where beta plays no part; event shape [L]."""
        raise NotImplementedError

    def local_posterior(
        self, images: tf.Tensor, mask: tf.Tensor, seed: tf.Tensor | None, training: bool
    ) -> tuple[tf.Tensor, tfd.Distribution, tf.Tensor]:
        """Features [G, B, F], q(z) (paper eq. 6), and z [G, B, L], a sample or the mean."""
        features = self.body(without_padding(images, mask), training=training)
        q_z = self.local_encoder(features)
        return features, q_z, q_z.mean() if seed is None else q_z.sample(seed=seed)

    def elbo_terms(self, images: tf.Tensor, mask: tf.Tensor, seed: tf.Tensor | None, training: bool = False) -> Terms:
        """The objective of paper eq. 10-11, with one sample of z and beta and d summed out.

        A model without d, or without beta, has no term of it.

        As in the paper, KL(q(z) || p(z | d, beta)) is in closed form, over a z that is independent
        of the beta it meets, though UG-VAE's q(beta) saw the sampled z through q(d). So its objective
        is a strict bound only as far as one image's z does not sway the group's beta; the likelihood
        task of evaluate.py, whose q(beta) sees the mean of z, is a bound for any group.
        """
        z_seed, beta_seed = (None, None) if seed is None else tf.unstack(tfp.random.split_seed(seed, 2))
        q_z, z, q_d, q_beta = self.posterior(images, mask, z_seed, training)
        beta, kl_beta = None, tf.zeros(tf.shape(images)[:1])
        if q_beta is not None:
            beta = q_beta.mean() if beta_seed is None else q_beta.sample(seed=beta_seed)  # [G, M]
            kl_beta = q_beta.kl_divergence(gaussian.standard_like(beta))  # eq. 10
        kl_z, kl_d = gaussian.kl_to_components(q_z, self.local_prior(beta)), tf.zeros_like(mask)  # [G, B, K], [G, B]
        if q_d is not None:
            kl_z *= q_d.probs_parameter()  # eq. 11, E_q(d)
            kl_d = tf.math.log(float(self.config.components)) - q_d.entropy()  # eq. 11 with p(d) of eq. 4
        return ElboTerms(
            log_px=self.log_px(images, mask, z, beta),  # eq. 11
            kl_z=sum_over_group(tf.reduce_sum(kl_z, axis=-1), mask),
            kl_d=sum_over_group(kl_d, mask),
            kl_beta=kl_beta,
        )

    def log_px(self, images: tf.Tensor, mask: tf.Tensor, z: tf.Tensor, beta: tf.Tensor | None) -> tf.Tensor:
        """log p(X | Z, beta) of each group [G] (paper eq. 2)."""
        p_x = self.decoder(z, beta)
        return sum_over_group(p_x.log_prob(without_padding(images, mask)), mask)

    def encoded(self, images: tf.Tensor, mask: tf.Tensor) -> Tensors:
        """The codes of each group and image: q_z, and q_d and q_beta at the mean of z, as far as the model has them."""
        q_z, _, q_d, q_beta = self.posterior(images, mask, seed=None)
        codes = {"z_mean": q_z.mean(), "z_stddev": q_z.stddev()}  # [G, B, L]
        if q_d is not None:
            codes["component_probs"] = q_d.probs_parameter()  # [G, B, K]
        if q_beta is not None:
            codes |= {"beta_mean": q_beta.mean(), "beta_stddev": q_beta.stddev()}  # [G, M]
        return codes

    def experts(self, images: tf.Tensor) -> Tensors:
        """Natural parameters of every image's factor of q(beta): they sum over a group (eq. 9)."""
        alone = tf.reshape(images, [-1, 1, *self.image_shape])  # in a group of one, q(beta) is the image's expert
        q_beta = self.posterior(alone, tf.ones(tf.shape(alone)[:2]), seed=None).q_beta
        assert q_beta is not None, "a model without beta has no experts"
        precision = 1 / q_beta.variance()  # [G*B, M]
        shape = [tf.shape(images)[0], tf.shape(images)[1], self.config.global_size]
        parameters = {"precision": precision, "precision_mean": precision * q_beta.mean()}
        return {name: tf.reshape(value, shape) for name, value in parameters.items()}  # [G, B, M]

    def prior(self, beta: tf.Tensor | None, groups: tf.Tensor) -> Tensors:
        """The components of each group [G, K, L] that beta sets (eq. 3), or that all groups share."""
        p_z = self.local_prior(beta)
        moments = {"z_mean": p_z.mean(), "z_stddev": p_z.stddev()}
        return {name: tf.broadcast_to(m, [groups, *m.shape[1:]]) for name, m in moments.items()}

    def decode(self, z: tf.Tensor, beta: tf.Tensor | None = None) -> Tensors:
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
            return self.encoded(images, tf.ones(tf.shape(images)[:2]))

        def encode_ragged(images: tf.Tensor, group_sizes: tf.Tensor) -> Tensors:
            return self.encoded(images, tf.sequence_mask(group_sizes, tf.shape(images)[1], tf.float32))

        def prior_of_all(group_sizes: tf.Tensor) -> Tensors:
            return self.prior(None, tf.shape(group_sizes)[0])

        found: dict[str, Signature] = {
            "serving_default": (encode, [images]),
            "encode_ragged": (encode_ragged, [images, sizes]),
        }
        found["decode"] = (self.decode, [z, beta] if self.config.decodes_beta else [z])
        if self.config.has_beta:
            found["experts"] = (self.experts, [images])
            found["prior"] = (lambda beta: self.prior(beta, tf.shape(beta)[0]), [beta])
        else:
            found["prior"] = (prior_of_all, [sizes])
        return found
