"""One split of one image set, as it lies on disk: nothing is decoded before it is asked for."""

from dataclasses import dataclass

import tensorflow as tf


@dataclass(frozen=True)
class Source:
    """Examples of any image size; every label is a scalar."""

    examples: tf.data.Dataset  # of {"image": uint8 [h, w, c], and labels by name}
    count: int
