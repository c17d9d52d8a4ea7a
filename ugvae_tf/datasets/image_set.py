"""Images in memory, and the groups that are formed from them."""

from dataclasses import dataclass, field, replace

import numpy as np
import tensorflow as tf

from ugvae_tf.config import DataConfig
from ugvae_tf.datasets.checksum import checksum
from ugvae_tf.datasets.group_sizes import with_random_sizes
from ugvae_tf.datasets.grouping import (
    Grouping,
    Layout,
    Shares,
    group_values,
    held_out_members,
    label_layout,
    random_layout,
)

PREFETCHED = 2  # steps that are ready before they are needed


@dataclass(frozen=True)
class ImageSet:
    """Images of one split in memory with their labels; the images of a domain are consecutive."""

    images: np.ndarray  # [N, H, W, C] uint8
    labels: dict[str, np.ndarray] = field(default_factory=dict)  # each [N]: numbers, truth values or names
    shares: Shares = ()  # of a mixture of domains; empty: every epoch has all images
    source: DataConfig | None = None  # the data set of the images; None: from arrays

    def __len__(self) -> int:
        return len(self.images)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(H, W, C) of an image."""
        _, height, width, channels = self.images.shape
        return height, width, channels

    def in_memory(self, purpose: str) -> "ImageSet":
        """These images; streamed ones raise UserError."""
        return self

    def with_label(self, name: str, values: np.ndarray) -> "ImageSet":
        """The same images with an additional label [N]."""
        return replace(self, labels={**self.labels, name: values})

    def steps_per_epoch(self, grouping: Grouping) -> int:
        """Steps in one pass over the images; raises UserError if they do not fill a step, or lack the label."""
        return self._layout(grouping).steps

    def training_steps(self, grouping: Grouping) -> tf.data.Dataset:
        """Steps `first_step` to `last_step`: images [G, B, H, W, C] in [0, 1] and mask [G, B]."""
        layout = self._layout(grouping)
        first_epoch, skipped = divmod(grouping.first_step, layout.steps)
        last = None if grouping.last_step is None else -(-grouping.last_step // layout.steps)
        epochs = tf.data.Dataset.range(first_epoch, np.iinfo(np.int64).max if last is None else last)
        steps = epochs.flat_map(lambda epoch: tf.data.Dataset.from_tensor_slices(layout.members(epoch))).skip(skipped)
        if grouping.last_step is not None:
            steps = steps.take(grouping.last_step - grouping.first_step)
        return self._gathered(steps)

    def epoch_by_epoch(self, grouping: Grouping) -> tf.data.Dataset:
        """One epoch for every iteration over the dataset, in a new order each time, as Keras's `fit` expects."""
        layout = self._layout(grouping)
        epochs = tf.data.Dataset.random(grouping.seed, rerandomize_each_iteration=True).take(1)
        steps = epochs.flat_map(lambda epoch: tf.data.Dataset.from_tensor_slices(layout.members(epoch)))
        return self._gathered(steps.apply(tf.data.experimental.assert_cardinality(layout.steps)))

    def held_out_groups(self, grouping: Grouping) -> tf.data.Dataset:
        """Every image once, in constant groups: (images [G, B, H, W, C], mask [G, B])."""
        values = None if grouping.label is None else self.group_label(grouping.label)
        members = held_out_members(len(self), grouping, values)
        return self._gathered(tf.data.Dataset.from_tensor_slices(members).batch(grouping.groups_per_step))

    def checksum(self, label: str | None = None) -> str:
        """Of the images, and of the values of a label."""
        return checksum([self.images, *([] if label is None else [self.group_label(label)])])

    def group_label(self, name: str) -> np.ndarray:
        """The group label [N]; raises UserError if it is missing or not categorical."""
        return group_values(self.labels, name)

    def _layout(self, grouping: Grouping) -> Layout:
        if grouping.label is not None:
            layout = label_layout(self.group_label(grouping.label), grouping)
        else:
            layout = random_layout(self.shares or ((len(self), len(self)),), grouping)
        return with_random_sizes(layout, grouping)

    def _gathered(self, steps: tf.data.Dataset) -> tf.data.Dataset:
        pixels = tf.constant(self.images)

        def groups(members: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            return scaled(tf.gather(pixels, tf.maximum(members, 0))), tf.cast(members >= 0, tf.float32)

        untuned = tf.data.Options()
        untuned.autotune.enabled = False  # the thread that tunes can delay the end of `fit` (docs/speed.md)
        return steps.map(groups, num_parallel_calls=1).prefetch(PREFETCHED).with_options(untuned)


def scaled(pixels: tf.Tensor) -> tf.Tensor:
    """Pixels as floats in [0, 1]."""
    return tf.cast(pixels, tf.float32) / 255
