"""Images that do not fit in memory: decoded, shuffled and grouped while training."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from ugvae_tf.datasets import label_stream
from ugvae_tf.datasets.checksum import checksum
from ugvae_tf.datasets.group_sizes import kept, uniforms
from ugvae_tf.datasets.grouping import Grouping, Shares, steps_per_epoch
from ugvae_tf.datasets.image_set import ImageSet, scaled
from ugvae_tf.datasets.source import Source
from ugvae_tf.errors import UserError

FIRST = 256  # images of a domain in the checksum
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

    def checksum(self, label: str | None = None) -> str:
        """Of the numbers of images, the first images of each domain, and the values of a label."""
        first = [domain.take(FIRST).columns()["image"] for domain in self.domains]
        numbers = () if label is None else label_stream.value_numbers(self.domains, label)
        return checksum([np.array(self.shares), *first, *numbers])

    def steps_per_epoch(self, grouping: Grouping) -> int:
        """Steps in one pass over the images; raises UserError if they do not fill one, or lack the label."""
        if grouping.label is not None:
            return -(-len(self._slots(grouping).sizes) // grouping.groups_per_step)
        shown = sum(shown for _, shown in self.shares)
        return steps_per_epoch(shown, grouping.group_size, grouping.groups_per_step)

    def _numbers(self, grouping: Grouping) -> tuple[np.ndarray, ...]:
        assert grouping.label is not None
        return label_stream.value_numbers(self.domains, grouping.label)

    def _slots(self, grouping: Grouping) -> label_stream.Slots:
        return label_stream.slots(np.concatenate(self._numbers(grouping)), grouping)

    def training_steps(self, grouping: Grouping) -> tf.data.Dataset:
        """The steps as for an ImageSet; images are decoded on the way and shuffled in blocks."""
        steps = self.steps_per_epoch(grouping)
        first_epoch, skipped = divmod(grouping.first_step, steps)
        last_epoch = np.iinfo(np.int64).max if grouping.last_step is None else -(-grouping.last_step // steps)
        epochs = tf.data.Dataset.range(first_epoch, last_epoch)
        stream = epochs.flat_map(lambda epoch: self._epoch(grouping, steps, epoch)).skip(skipped)
        if grouping.last_step is not None:
            stream = stream.take(grouping.last_step - grouping.first_step)
        return stream.map(lambda images, mask: (scaled(images), mask)).prefetch(tf.data.AUTOTUNE)

    def _epoch(self, grouping: Grouping, steps: int, epoch: tf.Tensor) -> tf.data.Dataset:
        """The steps of one epoch: (images [G, B, H, W, C] uint8, mask [G, B])."""
        seed = tf.stack([tf.constant(grouping.seed, tf.int64), epoch])
        # The groups repeat if they do not fill the last step: its last groups are the first of the epoch again.
        groups = self._groups(grouping, seed).repeat().batch(grouping.groups_per_step, drop_remainder=True).take(steps)
        smallest = grouping.smallest_group
        if smallest is None:
            return groups
        drawn = uniforms(grouping.seed, epoch, steps, grouping.groups_per_step)
        return tf.data.Dataset.zip(groups, tf.data.Dataset.from_tensor_slices(drawn)).map(
            lambda step, uniform: (step[0], tf.cast(kept(step[1] > 0, smallest, uniform), tf.float32))
        )

    def _groups(self, grouping: Grouping, seed: tf.Tensor) -> tf.data.Dataset:
        """The groups of one epoch: (images [B, H, W, C] uint8, mask [B])."""
        images = _mixed(self.domains, self.shares, seed, "image")
        if grouping.label is not None:
            sources = label_stream.number_sources(self._numbers(grouping))
            numbers = _mixed(sources, self.shares, seed, label_stream.NUMBER)
            return label_stream.label_groups(images, numbers, self._slots(grouping), grouping)
        groups = images.batch(grouping.group_size, drop_remainder=True)
        return groups.map(lambda group: (group, tf.ones([grouping.group_size])))


def _mixed(domains: Sequence[Source], shares: Shares, seed: tf.Tensor, name: str) -> tf.data.Dataset:
    """One entry of the examples of an epoch, such as `image`; domains alternate at random."""
    shuffled = [
        _shuffled(domain, tf.random.experimental.stateless_fold_in(seed, place), name).take(shown)
        for place, (domain, (_, shown)) in enumerate(zip(domains, shares, strict=True))
    ]
    places = tf.repeat(tf.range(len(shuffled), dtype=tf.int64), [shown for _, shown in shares])
    order = tf.data.Dataset.from_tensor_slices(tf.random.experimental.stateless_shuffle(places, seed))
    return tf.data.Dataset.choose_from_datasets(shuffled, order, stop_on_empty_dataset=False)


def _shuffled(domain: Source, seed: tf.Tensor, name: str) -> tf.data.Dataset:
    """Shuffled blocks, as a function of the seed; a tf.data shuffle buffer takes no seed tensor."""

    def shuffled(place: tf.Tensor, block: tf.Tensor) -> tf.Tensor:
        return tf.random.experimental.stateless_shuffle(block, tf.random.experimental.stateless_fold_in(seed, place))

    entries = domain.examples.map(lambda example: example[name], num_parallel_calls=tf.data.AUTOTUNE)
    return entries.batch(BLOCK).enumerate().map(shuffled).unbatch()
