"""The models of paper figure 1: one bound for all, with or without d, with or without beta."""

from typing import Any, NamedTuple

import keras
import tensorflow as tf
import tensorflow_probability as tfp
from tensorflow_probability import distributions as tfd

from ugvae_tf import gaussian, networks
from ugvae_tf.layers import Decoder, Experts, GlobalPrior, LocalEncoder
from ugvae_tf.models.base import GroupModel, Signature, Tensors
from ugvae_tf.models.inputs import ImageShape
from ugvae_tf.models.signatures import family_signatures
from ugvae_tf.models.terms import ElboTerms, Terms, sum_over_group, without_padding
from ugvae_tf.models.variational import optimal_components, random_subset


class Posterior(NamedTuple):
    """The variational family of paper eq. 5 for each image; parts that a model lacks are None.

    q(beta) is the product of the experts of a group: `global_posterior`.
    """

    q_z: tfd.Distribution  # batch [G, B], event [L]
    z: tf.Tensor  # [G, B, L], a sample of q_z or its mean, which q_d and the experts depend on
    q_d: tfd.Distribution | None = None  # batch [G, B], K categories, from the network of eq. 7
    experts: Experts | None = None  # of every image, each [G, B, M] (eq. 8)


class FamilyModel(GroupModel):
    """Subclasses define `posterior` and `local_prior`; the bound, the codes and the signatures follow."""

    def __init__(self, image_shape: ImageShape = (28, 28, 1), seed: int = 0, **settings: Any) -> None:
        super().__init__(image_shape, seed, **settings)
        config = self.config
        self.body = networks.ENCODERS[config.body](image_shape, config)
        self.local_encoder = LocalEncoder(config)
        self.decoder = Decoder(config, image_shape)
        if config.has_beta:
            self.global_prior = GlobalPrior(config)

    @property
    def bodies(self) -> list[keras.layers.Layer]:
        """The networks between pixels and features: all but a few of a model's operations."""
        return [self.body, self.decoder.body]

    def posterior(
        self, images: tf.Tensor, mask: tf.Tensor, seed: tf.Tensor | None, training: bool = False
    ) -> Posterior:
        """The variational family; without a seed, z is the mean of q(z)."""
        raise NotImplementedError

    def local_prior(self, beta: tf.Tensor | None) -> tfd.Distribution:
        """p(z | d, beta): batch shape [G, K], or [1, K] if it does not depend on beta; event shape [L]."""
        raise NotImplementedError

    def component_prior(self, beta: tf.Tensor | None) -> tfd.Distribution:
        """p(d | beta) over K components: batch shape [G, 1], or [1, 1] if uniform, as here (eq. 4)."""
        return tfd.Categorical(logits=tf.zeros([1, 1, self.config.components]))

    def local_posterior(
        self, images: tf.Tensor, mask: tf.Tensor, seed: tf.Tensor | None, training: bool
    ) -> tuple[tf.Tensor, tfd.Distribution, tf.Tensor]:
        """Features [G, B, F], q(z) (paper eq. 6), and z [G, B, L], a sample or the mean.

        In training with a seed and pixel dropout they are those of the images with dropped pixels.
        """
        if training and seed is not None:
            images = self.training_objective.encoder_input(images, seed)
        features = self.body(without_padding(images, mask), training=training)
        q_z = self.local_encoder(features)
        return features, q_z, q_z.mean() if seed is None else q_z.sample(seed=seed)

    def elbo_terms(self, images: tf.Tensor, mask: tf.Tensor, seed: tf.Tensor | None, training: bool = False) -> Terms:
        """The objective of paper eq. 10-11, with one sample of z and beta and d summed out.

        In a model without d, or without beta, its terms are zero.

        As in the paper, KL(q(z) || p(z | d, beta)) is in closed form. This treats z and beta as
        independent, but in UG-VAE q(beta) depends on the sampled z through q(d). The objective is
        therefore a strict bound only if the effect of one image's z on the group's beta is
        negligible. In the likelihood task of evaluate.py, q(beta) depends on the mean of z, and the
        result is a bound for any group.
        """
        z_seed, beta_seed = (None, None) if seed is None else tf.unstack(tfp.random.split_seed(seed, 2))
        q_z, z, q_d, experts = self.posterior(images, mask, z_seed, training)
        beta, kl_beta = None, tf.zeros(tf.shape(images)[:1])
        if experts is not None:
            q_beta = self.global_posterior(experts, self._multiplied(mask, seed) if training else mask)  # eq. 9
            beta = q_beta.mean() if beta_seed is None else q_beta.sample(seed=beta_seed)  # [G, M]
            kl_beta = q_beta.kl_divergence(self.global_prior(groups=tf.shape(images)[0]))  # eq. 10
        kl_z, kl_d = gaussian.kl_to_components(q_z, self.local_prior(beta)), tf.zeros_like(mask)  # [G, B, K], [G, B]
        p_d = self.component_prior(beta)  # eq. 4
        if self.config.component_posterior == "optimal":
            q_d = optimal_components(p_d, kl_z)
        if q_d is not None:
            kl_d = q_d.kl_divergence(p_d)  # eq. 11
            kl_z *= q_d.probs_parameter()  # eq. 11, E_q(d)
        return ElboTerms(
            log_px=self.log_px(images, mask, z, beta),  # eq. 11
            kl_z=sum_over_group(tf.reduce_sum(kl_z, axis=-1), mask),
            kl_d=sum_over_group(kl_d, mask),
            kl_beta=kl_beta,
        )

    def global_posterior(self, experts: Experts, mask: tf.Tensor) -> tfd.Distribution:
        """q(beta | X, Z): the product of the experts of the images in the mask [G, B] (paper eq. 9).

        With `prior_expert`, p(beta) is one more factor, so q(beta) of a small group is no wider
        than p(beta). Returns batch shape [G], event shape [M].
        """
        present = mask[:, :, tf.newaxis]  # [G, B, 1]
        prior = self.global_prior(groups=tf.shape(mask)[0]) if self.config.prior_expert else None
        return gaussian.product_of_experts(experts.precision * present, experts.precision_mean * present, prior)

    def _multiplied(self, mask: tf.Tensor, seed: tf.Tensor | None) -> tf.Tensor:
        """Mask [G, B] of the images whose experts are in q(beta) in training; without a seed, all images."""
        if self.config.expert_subset == "all" or seed is None:
            return mask
        return random_subset(mask, seed)

    def log_px(self, images: tf.Tensor, mask: tf.Tensor, z: tf.Tensor, beta: tf.Tensor | None) -> tf.Tensor:
        """log p(X | Z, beta) of each group [G] (paper eq. 2)."""
        p_x = self.decoder(z, beta)
        return sum_over_group(p_x.log_prob(without_padding(images, mask)), mask)

    def encoded(self, images: tf.Tensor, mask: tf.Tensor) -> Tensors:
        """The codes of each group and image: moments of q_z, and of q_d and q_beta at the mean of z.

        Parts that the model lacks are absent. An optimal q_d is the one at the mean of q_beta.
        """
        q_z, _, q_d, experts = self.posterior(images, mask, seed=None)
        codes, beta = {"z_mean": q_z.mean(), "z_stddev": q_z.stddev()}, None  # [G, B, L]
        if experts is not None:
            q_beta = self.global_posterior(experts, mask)
            beta = q_beta.mean()
            codes |= {"beta_mean": beta, "beta_stddev": q_beta.stddev()}  # [G, M]
        if self.config.component_posterior == "optimal":
            kl_by_component = gaussian.kl_to_components(q_z, self.local_prior(beta))
            q_d = optimal_components(self.component_prior(beta), kl_by_component)
        if q_d is not None:
            codes["component_probs"] = q_d.probs_parameter()  # [G, B, K]
        return codes

    def experts(self, images: tf.Tensor) -> Tensors:
        """Natural parameters [G, B, M] of every image's expert of q(beta): they add over a group (eq. 9).

        They do not include p(beta). With `prior_expert`, add the parameters of p(beta) once to the sum.
        """
        experts = self.posterior(images, tf.ones(tf.shape(images)[:2]), seed=None).experts
        assert experts is not None, "a model without beta has no experts"
        return experts._asdict()

    def prior(self, beta: tf.Tensor | None, groups: tf.Tensor) -> Tensors:
        """The components of each group: moments of p(z | d, beta) [G, K, L], and p(d | beta) [G, K]."""
        p_z = self.local_prior(beta)
        found = {"z_mean": p_z.mean(), "z_stddev": p_z.stddev()}
        if self.config.has_mixture:
            found["component_probs"] = self.component_prior(beta).probs_parameter()[:, 0]
        return {name: tf.broadcast_to(value, [groups, *value.shape[1:]]) for name, value in found.items()}

    def decode(self, z: tf.Tensor, beta: tf.Tensor | None = None) -> Tensors:
        """Mean and, for the Gaussian, standard deviation of every pixel (eq. 2)."""
        p_x = self.decoder(z, beta)
        decoded = {"image_mean": p_x.mean()}  # [G, B, H, W, C]
        if self.config.likelihood == "gaussian":
            decoded["image_stddev"] = p_x.stddev()  # [G, B, H, W, C]
        return decoded

    def signatures(self) -> dict[str, Signature]:
        """The exported signatures (docs/serving.md): the first axis of every input and output is the groups."""
        return family_signatures(self)
