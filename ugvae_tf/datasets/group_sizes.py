"""Groups of random sizes: the first images of a full group, as many as are drawn for it in this step."""

import tensorflow as tf

from ugvae_tf.datasets.grouping import Grouping, Layout

STREAM = 1  # of the random numbers, which differ from those that shuffle the images


def with_random_sizes(layout: Layout, grouping: Grouping) -> Layout:
    """The same groups cut to random sizes; the images that are left out differ from epoch to epoch."""
    smallest = grouping.smallest_group
    if smallest is None:
        return layout

    def members(epoch: tf.Tensor) -> tf.Tensor:
        full = layout.members(epoch)
        uniform = uniforms(grouping.seed, epoch, layout.steps, grouping.groups_per_step)
        return tf.where(kept(full >= 0, smallest, uniform), full, -1)

    return Layout(layout.steps, members)


def uniforms(seed: int, epoch: tf.Tensor, steps: int, groups: int) -> tf.Tensor:
    """A random number in [0, 1) for every group of an epoch, [steps, G]."""
    of_epoch = tf.random.experimental.stateless_fold_in(tf.stack([tf.constant(seed, tf.int64), epoch]), STREAM)
    return tf.random.stateless_uniform([steps, groups], of_epoch, dtype=tf.float64, alg="philox")


def kept(present: tf.Tensor, smallest: int, uniform: tf.Tensor) -> tf.Tensor:
    """The images that stay, [..., B] bool.

    Args:
        present: [..., B] bool, the images of each group, in front of its padding.
        smallest: sizes are uniform between this and the number n of the group's images; n itself if that is smaller.
        uniform: [...], random numbers in [0, 1).
    """
    count = tf.reduce_sum(tf.cast(present, tf.int32), axis=-1)
    lowest = tf.minimum(smallest, count)
    sizes = lowest + tf.cast(uniform * tf.cast(count - lowest + 1, tf.float64), tf.int32)
    return tf.range(tf.shape(present)[-1]) < sizes[..., tf.newaxis]
