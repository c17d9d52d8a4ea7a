"""Groups of images that are too many for the memory: decoded, shuffled and grouped on the way."""

from dataclasses import dataclass

import tensorflow as tf

from ugvae_tf.datasets.grouping import scaled, steps_per_epoch
from ugvae_tf.datasets.source import Source

SHUFFLE_BUFFER = 10_000  # images of a domain; prepared sets are shuffled on disk too, so this need not hold them all
SEED_STRIDE = 1_000_003  # more than any number of epochs: no two seeds share a shuffle


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
    """As `random_groups`, of images that are decoded on the way through a shuffle buffer for each domain."""
    steps = steps_per_epoch(stream.images_per_epoch, group_size, groups_per_step)

    def steps_of_epoch(epoch: tf.Tensor) -> tf.data.Dataset:
        domains = [
            domain.examples.map(lambda example: example["image"], num_parallel_calls=tf.data.AUTOTUNE)
            .shuffle(SHUFFLE_BUFFER, seed=SEED_STRIDE * (seed + place) + epoch)
            .take(shown)
            for place, (domain, (_, shown)) in enumerate(zip(stream.domains, stream.shares, strict=True))
        ]
        weights = [shown / stream.images_per_epoch for _, shown in stream.shares]
        mixed = tf.data.Dataset.sample_from_datasets(domains, weights, seed=epoch) if domains[1:] else domains[0]
        return mixed.batch(group_size, drop_remainder=True).batch(groups_per_step, drop_remainder=True).take(steps)

    def groups_of(images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return scaled(images), tf.ones([groups_per_step, group_size])

    first_epoch = first_step // steps
    groups = tf.data.Dataset.range(first_epoch, -(-last_step // steps)).flat_map(steps_of_epoch)
    groups = groups.skip(first_step - first_epoch * steps).take(last_step - first_step)
    return groups.map(groups_of).prefetch(tf.data.AUTOTUNE)
