"""Groups of images that are too many for the memory: decoded, shuffled and grouped on the way."""

from dataclasses import dataclass

import tensorflow as tf

from ugvae_tf.datasets.grouping import scaled, steps_per_epoch
from ugvae_tf.datasets.source import Source

BLOCK = 10_000  # images of a domain that are shuffled together; prepared sets are shuffled on disk already


@dataclass(frozen=True)
class StreamedSet:
    """Images of one split that are decoded as training needs them."""

    domains: tuple[Source, ...]  # of images [H, W, C] uint8
    shares: tuple[tuple[int, int], ...]  # as of an ImageSet
    image_shape: tuple[int, int, int]

    def __len__(self) -> int:
        return sum(images for images, _ in self.shares)

    @property
    def images_per_epoch(self) -> int:
        """All, unless the proportions of a mixture leave some out."""
        return sum(shown for _, shown in self.shares)


def streamed_groups(
    stream: StreamedSet, group_size: int, groups_per_step: int, seed: int, first_step: int, last_step: int
) -> tf.data.Dataset:
    """As `grouping.random_groups`, of images that are decoded on the way and shuffled block by block."""
    steps = steps_per_epoch(stream.images_per_epoch, group_size, groups_per_step)

    def steps_of_epoch(epoch: tf.Tensor) -> tf.data.Dataset:
        mixed = _mixed(stream, tf.stack([tf.constant(seed, tf.int64), epoch]))
        return mixed.batch(group_size, drop_remainder=True).batch(groups_per_step, drop_remainder=True).take(steps)

    def groups_of(images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return scaled(images), tf.ones([groups_per_step, group_size])

    first_epoch = first_step // steps
    groups = tf.data.Dataset.range(first_epoch, -(-last_step // steps)).flat_map(steps_of_epoch)
    groups = groups.skip(first_step - first_epoch * steps).take(last_step - first_step)
    return groups.map(groups_of).prefetch(tf.data.AUTOTUNE)


def _mixed(stream: StreamedSet, seed: tf.Tensor) -> tf.data.Dataset:
    """The images of one epoch, the domains in random order."""
    domains = [
        _shuffled(domain, tf.random.experimental.stateless_fold_in(seed, place)).take(shown)
        for place, (domain, (_, shown)) in enumerate(zip(stream.domains, stream.shares, strict=True))
    ]
    places = tf.repeat(tf.range(len(domains), dtype=tf.int64), [shown for _, shown in stream.shares])
    order = tf.data.Dataset.from_tensor_slices(tf.random.experimental.stateless_shuffle(places, seed))
    return tf.data.Dataset.choose_from_datasets(domains, order, stop_on_empty_dataset=False)


def _shuffled(domain: Source, seed: tf.Tensor) -> tf.data.Dataset:
    """Blocks of images, each shuffled: a function of the seed, which a tf.data shuffle buffer cannot be in a graph."""

    def shuffled(place: tf.Tensor, block: tf.Tensor) -> tf.Tensor:
        return tf.random.experimental.stateless_shuffle(block, tf.random.experimental.stateless_fold_in(seed, place))

    images = domain.examples.map(lambda example: example["image"], num_parallel_calls=tf.data.AUTOTUNE)
    return images.batch(BLOCK).enumerate().map(shuffled).unbatch()
