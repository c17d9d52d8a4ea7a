"""Static binarisation of grey images."""

from dataclasses import replace

import numpy as np
import tensorflow as tf

from ugvae_tf.datasets.source import PLACE, Example, Source

SEEDS = {"train": 0, "held-out": 1}  # constant for each split: the sample does not depend on the run


def binarised(source: Source, split: str, domain: int) -> Source:
    """Every pixel black or white, white with its grey level as probability (Salakhutdinov and Murray 2008).

    The sample is a function of the split, the domain and the image's index, so it is the same
    in every run, in memory or streamed. The distribution is that of the published static MNIST
    (Larochelle's files), but the sample is another one, and so is the division into training and
    validation images, which the sample does not depend on.

    All channels of a pixel share one uniform number: a grey pixel in three channels stays grey.
    """

    def draw(example: Example) -> Example:
        example = source.decode(example)
        image, place = example["image"], example.pop(PLACE)
        seed = tf.random.experimental.stateless_fold_in(tf.constant([SEEDS[split], domain], tf.int64), place)
        # Philox explicitly: TensorFlow's default algorithm depends on the type of device.
        uniform = tf.random.stateless_uniform([*tf.unstack(tf.shape(image)[:2]), 1], seed, alg="philox")
        white = 255 * uniform < tf.cast(image, tf.float32)  # uniform is below 1: 255 is always white, and 0 never
        return {**example, "image": tf.ensure_shape(255 * tf.cast(white, tf.uint8), image.shape)}

    return replace(source.with_label(PLACE, np.arange(source.count)), decode=draw)
