"""The terms of the bound, and what training makes of them."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

import tensorflow as tf

DRAWN_STREAM, SUBSET_STREAM, PIXEL_STREAM = 1, 2, 3  # of a random state, beside those of the samples of z and beta


class ElboTerms(NamedTuple):
    """The evidence lower bound of each group, term by term, in nats; ELBO = log_px minus the KLs."""

    log_px: tf.Tensor  # [G]  E_q log p(X | Z, beta)
    kl_z: tf.Tensor  # [G]  E_q(d) KL(q(Z | X) || p(Z | d, beta))
    kl_d: tf.Tensor  # [G]  KL(q(d | Z) || p(d | beta)), p(d) uniform in the paper
    kl_beta: tf.Tensor  # [G]  KL(q(beta | X, Z) || p(beta))

    @property
    def kl(self) -> tf.Tensor:
        """Sum of the KL terms [G]."""
        return self.kl_z + self.kl_d + self.kl_beta

    @property
    def elbo(self) -> tf.Tensor:
        """The bound on log p(X) of each group [G]."""
        return self.log_px - self.kl


class Objective(NamedTuple):
    """What training maximises beside the settings of the model; the default is the ELBO from the first step."""

    importance_samples: int | None = None  # of the importance-weighted bound; None: the ELBO
    gradient_samples: int | None = None  # number of them that the gradient is computed from; None: all
    warm_up_steps: int = 0  # steps in which the weight of the KL terms rises linearly to its value
    pixel_dropout: float = 0.0  # share of the pixels that are 0 in the encoder's input

    def encoder_input(self, images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """The images [..., C] in training: random pixels are 0 in all channels, the others are divided by 1 - share.

        q(z | x) is then that of another image, and a bound is still one for x. Such a q depends less on single
        training images (Im et al. 2017; Shu et al. 2018, "Amortized inference regularization").
        """
        if not self.pixel_dropout:
            return images
        of_pixels = tf.random.experimental.stateless_fold_in(seed, PIXEL_STREAM)
        pixels = tf.concat([tf.shape(images)[:-1], [1]], axis=0)
        return tf.nn.experimental.stateless_dropout(images, self.pixel_dropout, of_pixels, noise_shape=pixels)

    def warmth(self, step: tf.Tensor) -> tf.Tensor | float:
        """The share of the KL weight that a step has, above 0; the last step of the warm-up has all of it."""
        if self.warm_up_steps == 0:
            return 1.0
        return tf.minimum(1.0, tf.cast(step + 1, tf.float32) / self.warm_up_steps)


class Terms(Protocol):
    """The interface of a model's terms in training: those of ElboTerms, or more."""

    @property
    def log_px(self) -> tf.Tensor: ...

    @property
    def kl(self) -> tf.Tensor: ...

    @property
    def elbo(self) -> tf.Tensor: ...

    def __iter__(self) -> Iterator[tf.Tensor]: ...


def without_padding(images: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """Images [G, B, H, W, C] with padding set to 0, for any content of the padding (NaN included)."""
    return tf.math.multiply_no_nan(images, mask[:, :, tf.newaxis, tf.newaxis, tf.newaxis])


def sum_over_group(values: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """Sum of per-image values [G, B] over the images of each group, without padding [G]."""
    return tf.reduce_sum(values * mask, axis=1)
