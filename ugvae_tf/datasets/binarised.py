"""Grey images as black and white ones, drawn once."""

from dataclasses import replace

import numpy as np
import tensorflow as tf

from ugvae_tf.datasets.source import PLACE, Example, Source

SEEDS = {"train": 0, "held-out": 1}  # of the splits, always the same: the draw belongs to the data, not to the run


def binarised(source: Source, split: str, domain: int) -> Source:
    """Every pixel black or white, white with its grey level as probability (Salakhutdinov and Murray 2008).

    The draw is a function of the split, the domain and the image's place in them, so that
    the same images come out every time, in memory or streamed. The law is that of the
    published static MNIST (Larochelle's files), but the draw is another one; and all 60,000
    training images are trained on, where that set keeps 10,000 of them for validation.

    One uniform number decides about a pixel's channels: a grey pixel in three channels stays grey.
    """

    def draw(example: Example) -> Example:
        example = source.decode(example)
        image, place = example["image"], example.pop(PLACE)
        seed = tf.random.experimental.stateless_fold_in(tf.constant([SEEDS[split], domain], tf.int64), place)
        # Philox by name: left to itself, TensorFlow chooses by the kind of device.
        uniform = tf.random.stateless_uniform([*tf.unstack(tf.shape(image)[:2]), 1], seed, alg="philox")
        white = 255 * uniform < tf.cast(image, tf.float32)  # uniform is below 1: 255 is always white, and 0 never
        return {**example, "image": tf.ensure_shape(255 * tf.cast(white, tf.uint8), image.shape)}

    return replace(source.with_label(PLACE, np.arange(source.count)), decode=draw)
