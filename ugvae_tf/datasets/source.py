"""One split of an image set on disk; images are decoded when they are read."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

CHUNK = 1000  # examples read at a time
IMAGE = "image"
PLACE = "place in the split"  # of an example, where decoding it depends on its place; not a label

Example = dict[str, tf.Tensor]
Columns = dict[str, np.ndarray]


def as_it_is(example: Example) -> Example:
    """The example, of arrays, which need no decoding."""
    return example


@dataclass(frozen=True)
class Source:
    """Images of any size, one at a time; every label is a scalar."""

    undecoded: tf.data.Dataset  # of {"image": whatever `decode` takes, and labels by name}
    count: int
    decode: Callable[[Example], Example] = as_it_is  # `image` becomes uint8 [h, w, 1 or 3]
    # The undecoded examples, if they are arrays in memory or mapped; arrays cannot be compared, nor be part of a hash.
    arrays: Columns = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, arrays: Columns) -> "Source":
        """Examples that are arrays [N, ...] already; they are not copied."""
        return cls(_dataset(arrays), len(arrays[IMAGE]), arrays=arrays)

    @property
    def examples(self) -> tf.data.Dataset:
        """Of {"image": uint8 [h, w, 1 or 3], and labels by name}."""
        if self.decode is as_it_is:
            return self.undecoded
        return self.undecoded.map(self.decode, num_parallel_calls=tf.data.AUTOTUNE)

    def columns(self) -> Columns:
        """Images [count, h, w, C] and each label [count]."""
        return dict(self.arrays) if self.arrays and self.decode is as_it_is else as_columns(self.examples)

    def labels(self) -> Columns:
        """Each label [count] in the order of the examples; decodes no image."""
        if self.arrays:
            return {name: values for name, values in self.arrays.items() if name not in (IMAGE, PLACE)}
        names = self.undecoded.element_spec.keys() - {"image", PLACE}
        return as_columns(self.undecoded.map(lambda example: {name: example[name] for name in names})) if names else {}

    def map(self, function: Callable[[Example], Example]) -> "Source":
        """The same labels, other images."""
        return replace(self, decode=lambda example: function(self.decode(example)))

    def take(self, count: int) -> "Source":
        """The first examples, at most `count`."""
        arrays = {name: values[:count] for name, values in self.arrays.items()}
        return replace(self, undecoded=self.undecoded.take(count), count=min(count, self.count), arrays=arrays)

    def chosen(self, mask: np.ndarray) -> "Source":
        """The examples where the mask [count] is true."""
        if self.arrays:
            arrays = {name: values[mask] for name, values in self.arrays.items()}
            return replace(self, undecoded=_dataset(arrays), count=int(mask.sum()), arrays=arrays)
        numbered = self.undecoded.enumerate().filter(lambda place, _: tf.gather(tf.constant(mask), place))
        return replace(self, undecoded=numbered.map(lambda _, example: example), count=int(mask.sum()))

    def with_label(self, name: str, values: np.ndarray) -> "Source":
        """One more label [count]."""
        if self.arrays:
            arrays = {**self.arrays, name: values}
            return replace(self, undecoded=_dataset(arrays), arrays=arrays)
        zipped = tf.data.Dataset.zip(self.undecoded, tf.data.Dataset.from_tensor_slices(values))
        return replace(self, undecoded=zipped.map(lambda example, value: {**example, name: value}))


def _dataset(arrays: Columns) -> tf.data.Dataset:
    """One example at a time, read in chunks from arrays that may be larger than the memory."""

    def chunks() -> Iterator[Columns]:
        for start in range(0, len(arrays[IMAGE]), CHUNK):
            parts = {name: values[start : start + CHUNK] for name, values in arrays.items()}
            yield {
                name: np.char.encode(part, "utf-8") if part.dtype.kind == "U" else part for name, part in parts.items()
            }

    signature = {
        name: tf.TensorSpec([None, *values.shape[1:]], tf.string if values.dtype.kind == "U" else values.dtype)
        for name, values in arrays.items()
    }
    return tf.data.Dataset.from_generator(chunks, output_signature=signature).unbatch()


def as_columns(examples: tf.data.Dataset) -> Columns:
    """All examples as arrays [N]; names, which TensorFlow has as bytes, as text."""
    chunks = list(tfds.as_numpy(examples.batch(CHUNK).prefetch(2)))
    return {key: _as_text(np.concatenate([chunk[key] for chunk in chunks])) for key in chunks[0]}


def _as_text(column: np.ndarray) -> np.ndarray:
    return np.char.decode(column.astype(bytes), "utf-8") if column.dtype == object else column
