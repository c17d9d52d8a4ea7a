"""Groups by a label of images that are decoded while training: the groups that images in memory would form."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from ugvae_tf.datasets.grouping import Grouping, group_values, label_slots
from ugvae_tf.datasets.source import Columns, Source

NUMBER = "number of the group label's value"


class Slots(NamedTuple):
    """The groups of an epoch, of which only the images differ from epoch to epoch."""

    sizes: np.ndarray  # [groups], int64
    group_of: np.ndarray  # [N], int64: the group of each place among the images sorted by value; -1: of none


@lru_cache(maxsize=4)
def value_numbers(domains: tuple[Source, ...], label: str) -> tuple[np.ndarray, ...]:
    """The number of each image's value of the label, for each domain [count]; decodes no image.

    The result is cached, as it takes a pass over the files.

    Raises:
        UserError: the images lack the label, or it is a measurement.
    """
    columns, counts = [domain.labels() for domain in domains], [domain.count for domain in domains]
    common = set.intersection(*(set(column) for column in columns))
    labels: Columns = {name: np.concatenate([column[name] for column in columns]) for name in common}
    if len(domains) > 1:
        labels["domain"] = np.repeat(np.arange(len(domains)), counts)
    numbers = np.unique(group_values(labels, label), return_inverse=True)[1]
    return tuple(np.split(numbers, np.cumsum(counts)[:-1]))


def slots(numbers: np.ndarray, grouping: Grouping) -> Slots:
    """The groups of images whose values have these numbers [N]; raises UserError if there are none."""
    places = label_slots(np.bincount(numbers), grouping.group_size, grouping.min_group_size)  # [groups, B]
    group_of = np.full(len(numbers), -1)
    group_of[places[places >= 0]] = np.nonzero(places >= 0)[0]
    return Slots((places >= 0).sum(axis=1), group_of)


def number_sources(numbers: Sequence[np.ndarray]) -> list[Source]:
    """The numbers alone, as examples that can be shuffled as the images are."""
    return [Source(tf.data.Dataset.from_tensor_slices({NUMBER: each}), len(each)) for each in numbers]


def label_groups(
    images: tf.data.Dataset, numbers: tf.data.Dataset, found: Slots, grouping: Grouping
) -> tf.data.Dataset:
    """Groups of one epoch: (images [B, H, W, C] uint8, mask [B]), each as soon as its last image is decoded.

    At any time at most B - 1 images of each value wait for the rest of their group.

    Args:
        images: [H, W, C], in the order of the epoch.
        numbers: those of the images' values, in the same order.
    """

    def placed(of_epoch: tf.Tensor) -> tf.data.Dataset:
        """The group of each image, the images of a value taken in the order of the epoch."""
        by_value = tf.cast(tf.argsort(of_epoch, stable=True), tf.int64)
        group_of = tf.scatter_nd(by_value[:, tf.newaxis], tf.constant(found.group_of), tf.shape(of_epoch, tf.int64))
        return tf.data.Dataset.zip(images, tf.data.Dataset.from_tensor_slices(group_of))

    groups = (
        numbers.batch(len(found.group_of))
        .flat_map(placed)
        .filter(lambda image, group: group >= 0)
        .group_by_window(
            key_func=lambda image, group: group,
            reduce_func=lambda group, window: window.map(lambda image, group: image).batch(grouping.group_size),
            window_size_func=lambda group: tf.gather(tf.constant(found.sizes), group),
        )
    )
    return groups.map(lambda group: padded(group, grouping.group_size))


def padded(images: tf.Tensor, size: int) -> tuple[tf.Tensor, tf.Tensor]:
    """A group [n, H, W, C] as (images [B, H, W, C], mask [B])."""
    count = tf.shape(images)[0]
    filled = tf.pad(images, [[0, size - count], [0, 0], [0, 0], [0, 0]])
    return tf.ensure_shape(filled, [size, *images.shape[1:]]), tf.cast(tf.range(size) < count, tf.float32)
