"""Images that do not fit in memory: decoded, shuffled and grouped while training."""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from ugvae_tf.datasets.grouping import Grouping, Shares, steps_per_epoch
from ugvae_tf.datasets.image_set import ImageSet, scaled
from ugvae_tf.datasets.source import Source
from ugvae_tf.errors import UserError

BLOCK = 10_000  # images of a domain that are shuffled together; prepared sets are shuffled on disk already


@dataclass(frozen=True)
class StreamedSet:
    """Images of one split, decoded while training; it has the interface of an ImageSet."""

    domains: tuple[Source, ...]  # of images [H, W, C] uint8
    shares: Shares
    image_shape: tuple[int, int, int]

    def __len__(self) -> int:
        return sum(images for images, _ in self.shares)

    def in_memory(self, purpose: str) -> ImageSet:
        """Raise UserError: the images are not in memory."""
        raise UserError(f"{purpose} need all images in memory: give a larger `memory_limit`.")

    def steps_per_epoch(self, grouping: Grouping) -> int:
        """Steps in one pass over the images; raises UserError if they do not fill a step, or for groups by a label."""
        if grouping.label is not None:
            self.in_memory(f"Groups by '{grouping.label}'")
        shown = sum(shown for _, shown in self.shares)
        return steps_per_epoch(shown, grouping.group_size, grouping.groups_per_step)

    def training_steps(self, grouping: Grouping) -> tf.data.Dataset:
        """The steps as for an ImageSet; images are decoded on the way and shuffled in blocks."""
        steps, size, groups = self.steps_per_epoch(grouping), grouping.group_size, grouping.groups_per_step

        def steps_of_epoch(epoch: tf.Tensor) -> tf.data.Dataset:
            mixed = _mixed(self, tf.stack([tf.constant(grouping.seed, tf.int64), epoch]))
            return mixed.batch(size, drop_remainder=True).batch(groups, drop_remainder=True).take(steps)

        first_epoch, skipped = divmod(grouping.first_step, steps)
        last_epoch = np.iinfo(np.int64).max if grouping.last_step is None else -(-grouping.last_step // steps)
        stream = tf.data.Dataset.range(first_epoch, last_epoch).flat_map(steps_of_epoch).skip(skipped)
        if grouping.last_step is not None:
            stream = stream.take(grouping.last_step - grouping.first_step)
        return stream.map(lambda images: (scaled(images), tf.ones([groups, size]))).prefetch(tf.data.AUTOTUNE)


def _mixed(stream: StreamedSet, seed: tf.Tensor) -> tf.data.Dataset:
    """The images of one epoch; domains alternate at random."""
    domains = [
        _shuffled(domain, tf.random.experimental.stateless_fold_in(seed, place)).take(shown)
        for place, (domain, (_, shown)) in enumerate(zip(stream.domains, stream.shares, strict=True))
    ]
    places = tf.repeat(tf.range(len(domains), dtype=tf.int64), [shown for _, shown in stream.shares])
    order = tf.data.Dataset.from_tensor_slices(tf.random.experimental.stateless_shuffle(places, seed))
    return tf.data.Dataset.choose_from_datasets(domains, order, stop_on_empty_dataset=False)


def _shuffled(domain: Source, seed: tf.Tensor) -> tf.data.Dataset:
    """Shuffled blocks of images, as a function of the seed; a tf.data shuffle buffer takes no seed tensor."""

    def shuffled(place: tf.Tensor, block: tf.Tensor) -> tf.Tensor:
        return tf.random.experimental.stateless_shuffle(block, tf.random.experimental.stateless_fold_in(seed, place))

    images = domain.examples.map(lambda example: example["image"], num_parallel_calls=tf.data.AUTOTUNE)
    return images.batch(BLOCK).enumerate().map(shuffled).unbatch()
