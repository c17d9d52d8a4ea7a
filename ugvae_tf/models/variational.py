"""Extensions of the variational family beyond the paper's eq. 5-9."""

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from ugvae_tf.models.terms import SUBSET_STREAM


def optimal_components(p_d: tfd.Distribution, kl_by_component: tf.Tensor) -> tfd.Distribution:
    """The q(d) that maximises the bound given beta, in closed form.

    With KL_k = KL(q(z) || p(z | d = k, beta)), the terms of eq. 11 with d, for one image, are

        -sum_k q(k) KL_k - KL(q(d) || p(d | beta))

    Their maximum over all q that sum to one is log sum_k p(k | beta) exp(-KL_k), attained by
    q(k) proportional to p(k | beta) exp(-KL_k).

    Args:
        p_d: a categorical over K components; its batch shape broadcasts to [G, B].
        kl_by_component: [G, B, K] in nats.

    Returns:
        A categorical of batch shape [G, B].
    """
    return tfd.Categorical(logits=p_d.logits_parameter() - kl_by_component)


def random_subset(mask: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """A random subset of the images of each group; its size is uniform from 1 to the group's size.

    q(beta) of any subset is a valid variational posterior of the group, so the objective remains a
    bound. This trains a product of experts for any number of experts (the sub-sampled training of
    Wu and Goodman 2018, "Multimodal generative models for scalable weakly-supervised learning").

    Args:
        mask: [G, B], 1 for an image and 0 for padding.
        seed: the random state of the step; equal states give equal subsets.

    Returns:
        [G, B], 1 for an image of the subset.
    """
    of_subset = tf.random.experimental.stateless_fold_in(seed, SUBSET_STREAM)
    size_seed, order_seed = tf.unstack(tf.random.experimental.stateless_split(of_subset, 2))
    share = tf.random.stateless_uniform(tf.shape(mask)[:1], size_seed)  # [G] in [0, 1)
    size = 1 + tf.cast(share * tf.reduce_sum(mask, axis=1), tf.int32)  # [G]
    order = tf.random.stateless_uniform(tf.shape(mask), order_seed) + 2 * (1 - mask)  # padding comes last
    rank = tf.argsort(tf.argsort(order, axis=1), axis=1)  # [G, B]
    return mask * tf.cast(rank < size[:, tf.newaxis], tf.float32)
