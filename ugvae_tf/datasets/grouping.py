"""From images to groups: (images [G, B, H, W, C] float32 in [0, 1], mask [G, B])."""

import numpy as np
import tensorflow as tf

from ugvae_tf.errors import UserError


def steps_per_epoch(examples: int, group_size: int, groups_per_step: int) -> int:
    """Full steps in one pass; raises UserError when the images do not fill one."""
    if group_size > examples:
        raise UserError(f"--group-size {group_size} is more than the {examples} training images there are.")
    if group_size * groups_per_step > examples:
        raise UserError(
            f"--groups-per-step {groups_per_step} groups of {group_size} images are more than "
            f"the {examples} training images there are."
        )
    return examples // (group_size * groups_per_step)


def random_groups(
    images: np.ndarray,
    group_size: int,
    groups_per_step: int,
    seed: int,
    first_step: int,
    last_step: int,
    shares: tuple[tuple[int, int], ...] = (),
) -> tf.data.Dataset:
    """Training steps `first_step` to `last_step` of random groups, each epoch shuffled anew.

    The images of a step are a function of seed and step alone, so that a resumed run sees
    the groups that the uninterrupted one would have seen. What does not fill a last step
    (other images in every epoch) waits for the next epoch.

    Args:
        images: [N, H, W, C] uint8, kept in memory.
        shares: of each domain, its images and how many of them an epoch shows; all if empty.
    """
    # (tf.random.experimental.index_shuffle would need no permutation in memory, but its groups are
    # far from random: the number of digits of a kind in a group varied a fifth too little.)
    shares = shares or ((len(images), len(images)),)
    steps = steps_per_epoch(sum(shown for _, shown in shares), group_size, groups_per_step)
    pixels = tf.constant(images)

    def members_by_step(epoch: tf.Tensor) -> tf.data.Dataset:
        shuffled = tf.random.experimental.stateless_shuffle(_shown(shares, seed, epoch), tf.stack([seed, epoch]))
        members = tf.reshape(shuffled[: steps * groups_per_step * group_size], [steps, groups_per_step, group_size])
        return tf.data.Dataset.from_tensor_slices(members)

    def groups_of(members: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return scaled(tf.gather(pixels, members)), tf.ones([groups_per_step, group_size])

    first_epoch = first_step // steps
    stream = tf.data.Dataset.range(first_epoch, -(-last_step // steps)).flat_map(members_by_step)
    stream = stream.skip(first_step - first_epoch * steps).take(last_step - first_step)
    return stream.map(groups_of, num_parallel_calls=1).prefetch(tf.data.AUTOTUNE)


def _shown(shares: tuple[tuple[int, int], ...], seed: int, epoch: tf.Tensor) -> tf.Tensor:
    """The images that an epoch shows: all of a domain, or as many as its share, others every time."""
    first, chosen = 0, []
    for domain, (count, shown) in enumerate(shares):
        indices = tf.range(first, first + count)
        if shown < count:
            of_domain = tf.random.experimental.stateless_fold_in(tf.stack([seed, epoch]), domain)
            indices = tf.random.experimental.stateless_shuffle(indices, of_domain)[:shown]
        chosen.append(indices)
        first += count
    return tf.concat(chosen, axis=0)


def all_in_groups(images: np.ndarray, group_size: int, groups_per_step: int, seed: int) -> tf.data.Dataset:
    """Every image once, in random groups that stay the same; the last group is padded.

    Args:
        images: [N, H, W, C] uint8.
    """
    group_size = min(group_size, len(images))
    groups = -(-len(images) // group_size)
    order = np.random.default_rng(seed).permutation(len(images))
    padded = np.full(groups * group_size, -1)
    padded[: len(images)] = order
    members = padded.reshape(groups, group_size)  # [groups, B], -1 where nobody is

    def group_of(members: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return scaled(tf.gather(pixels, tf.maximum(members, 0))), tf.cast(members >= 0, tf.float32)

    pixels = tf.constant(images)
    return tf.data.Dataset.from_tensor_slices(members).map(group_of).batch(groups_per_step).prefetch(tf.data.AUTOTUNE)


def scaled(pixels: tf.Tensor) -> tf.Tensor:
    """Bytes to floats in [0, 1]."""
    return tf.cast(pixels, tf.float32) / 255
