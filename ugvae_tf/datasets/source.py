"""One split of an image set on disk; images are decoded when they are read."""

from dataclasses import dataclass

import tensorflow as tf


@dataclass(frozen=True)
class Source:
    """Images of any size, one at a time; every label is a scalar."""

    examples: tf.data.Dataset  # of {"image": uint8 [h, w, 1 or 3], and labels by name}
    count: int
