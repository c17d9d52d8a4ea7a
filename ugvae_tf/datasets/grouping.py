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
            f"the {examples} training images that an epoch shows."
        )
    return examples // (group_size * groups_per_step)


def images_in_whole_groups(kinds: np.ndarray, group_size: int) -> int:
    """How many images an epoch shows if every group is of one kind; a UserError if there is no whole group."""
    counts = np.bincount(kinds)
    if counts.max() < group_size:
        raise UserError(
            f"No value of the --group-by label has the {group_size} images of a group (at most {counts.max()}): "
            f"give a smaller --group-size."
        )
    return int((counts // group_size * group_size).sum())


def random_groups(
    images: np.ndarray,
    group_size: int,
    groups_per_step: int,
    seed: int,
    first_step: int,
    last_step: int,
    shares: tuple[tuple[int, int], ...] = (),
    kinds: np.ndarray | None = None,
) -> tf.data.Dataset:
    """Training steps `first_step` to `last_step` of random groups, each epoch shuffled anew.

    The images of a step are a function of seed and step alone, so that a resumed run sees
    the groups that the uninterrupted one would have seen. What does not fill a last step
    (other images in every epoch) waits for the next epoch.

    Args:
        images: [N, H, W, C] uint8, kept in memory.
        shares: of each domain, its images and how many of them an epoch shows; all if empty.
        kinds: [N] whole numbers; every group is of one kind only. What does not fill a last group of
            a kind waits for the next epoch.
    """
    # (tf.random.experimental.index_shuffle would need no permutation in memory, but its groups are
    # far from random: the number of digits of a kind in a group varied a fifth too little.)
    shares = shares or ((len(images), len(images)),)
    shown = sum(shown for _, shown in shares) if kinds is None else images_in_whole_groups(kinds, group_size)
    steps = steps_per_epoch(shown, group_size, groups_per_step)
    pixels = tf.constant(images)

    def members_by_step(epoch: tf.Tensor) -> tf.data.Dataset:
        epoch_seed = tf.stack([seed, epoch])
        shuffled = tf.random.experimental.stateless_shuffle(_shown(shares, seed, epoch), epoch_seed)
        if kinds is not None:
            shuffled = _by_kind(shuffled, kinds, group_size, epoch_seed)
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


def _by_kind(shuffled: tf.Tensor, kinds: np.ndarray, group_size: int, seed: tf.Tensor) -> tf.Tensor:
    """Shuffled images so that each consecutive group is of one kind, the groups in random order."""
    sorted_by_kind = tf.gather(shuffled, tf.argsort(tf.gather(kinds, shuffled), stable=True))
    counts = np.bincount(kinds)
    first = np.cumsum(counts) - counts
    whole = [
        np.arange(start, start + count // group_size * group_size) for start, count in zip(first, counts, strict=True)
    ]
    groups = tf.reshape(tf.gather(sorted_by_kind, np.concatenate(whole)), [-1, group_size])
    return tf.reshape(tf.random.experimental.stateless_shuffle(groups, seed), [-1])


def all_in_groups(
    images: np.ndarray, group_size: int, groups_per_step: int, seed: int, kinds: np.ndarray | None = None
) -> tf.data.Dataset:
    """Every image once, in random groups that stay the same; the last group, of each kind, is padded.

    Args:
        images: [N, H, W, C] uint8.
        kinds: [N] whole numbers; every group is of one kind only.
    """
    group_size = min(group_size, len(images))
    order = np.random.default_rng(seed).permutation(len(images))
    of_kind = np.zeros(len(images), int) if kinds is None else kinds[order]
    padded = [_padded(order[of_kind == kind], group_size) for kind in np.unique(of_kind)]
    members = np.concatenate(padded)  # [groups, B], -1 where nobody is

    def group_of(members: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return scaled(tf.gather(pixels, tf.maximum(members, 0))), tf.cast(members >= 0, tf.float32)

    pixels = tf.constant(images)
    return tf.data.Dataset.from_tensor_slices(members).map(group_of).batch(groups_per_step).prefetch(tf.data.AUTOTUNE)


def _padded(order: np.ndarray, group_size: int) -> np.ndarray:
    """Images in groups [groups, B], with -1 for those that the last group lacks."""
    return np.pad(order, (0, -len(order) % group_size), constant_values=-1).reshape(-1, group_size)


def scaled(pixels: tf.Tensor) -> tf.Tensor:
    """Bytes to floats in [0, 1]."""
    return tf.cast(pixels, tf.float32) / 255
