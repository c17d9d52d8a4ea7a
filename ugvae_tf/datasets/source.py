"""One split of an image set on disk; images are decoded when they are read."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

CHUNK = 1000  # examples read at a time

Example = dict[str, tf.Tensor]
Columns = dict[str, np.ndarray]


@dataclass(frozen=True)
class Source:
    """Images of any size, one at a time; every label is a scalar."""

    examples: tf.data.Dataset  # of {"image": uint8 [h, w, 1 or 3], and labels by name}
    count: int
    labels: Callable[[], Columns]  # each label [count] in the order of the examples; decodes no image

    def map(self, function: Callable[[Example], Example]) -> "Source":
        """The same labels, other images."""
        return replace(self, examples=self.examples.map(function, num_parallel_calls=tf.data.AUTOTUNE))

    def take(self, count: int) -> "Source":
        """The first examples, at most `count`."""
        first = self.examples.take(count)
        return Source(
            first, min(count, self.count), lambda: {key: column[:count] for key, column in self.labels().items()}
        )

    def with_label(self, name: str, values: np.ndarray) -> "Source":
        """One more label [count]."""
        zipped = tf.data.Dataset.zip(self.examples, tf.data.Dataset.from_tensor_slices(values))
        examples = zipped.map(lambda example, value: {**example, name: value})
        return Source(examples, self.count, lambda: {**self.labels(), name: values})


def of_arrays(columns: Columns) -> Source:
    """The examples in arrays [N], `image` [N, H, W, C] among them."""
    labels = {name: column for name, column in columns.items() if name != "image"}
    return Source(tf.data.Dataset.from_tensor_slices(columns), len(columns["image"]), lambda: labels)


def as_columns(examples: tf.data.Dataset) -> Columns:
    """All examples as arrays [N]; names, which TensorFlow has as bytes, as text."""
    chunks = list(tfds.as_numpy(examples.batch(CHUNK).prefetch(2)))
    return {key: _as_text(np.concatenate([chunk[key] for chunk in chunks])) for key in chunks[0]}


def _as_text(column: np.ndarray) -> np.ndarray:
    return np.char.decode(column.astype(bytes), "utf-8") if column.dtype == object else column
