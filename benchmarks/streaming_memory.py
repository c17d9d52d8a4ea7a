"""Memory of a streamed data set: 200,000 images of 64x64 pixels in TFDS form, one epoch of groups.

Run `python benchmarks/streaming_memory.py`; it writes about 2.5 GB to a temporary folder, and removes it.
"""

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Iterator

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow_datasets as tfds
from tqdm import tqdm

from ugvae_tf.config import DataConfig
from ugvae_tf.datasets.grouping import Grouping
from ugvae_tf.datasets.loading import open_training

GROUP_SIZE = 128


def write(folder: str, count: int) -> None:
    """A TFDS data set of coarse noise, as JPEG."""
    random = np.random.default_rng(0)

    def examples(number: int) -> Iterator[tuple[int, dict]]:
        for key in tqdm(range(number), desc="writing", leave=False):
            yield key, {"image": random.integers(256, size=(8, 8, 3), dtype=np.uint8).repeat(8, 0).repeat(8, 1)}

    tfds.dataset_builders.store_as_tfds_dataset(
        name="generated",
        version="1.0.0",
        features=tfds.features.FeaturesDict({"image": tfds.features.Image(shape=(64, 64, 3), encoding_format="jpeg")}),
        split_datasets={"train": examples(count), "test": examples(10)},
        data_dir=folder,
        disable_shuffling=True,
    )


def resident() -> float:
    """Peak resident memory of this process so far, in gigabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=200_000)
    parser.add_argument("--memory-limit", type=float, default=1.0, help="gigabytes, as in train.py")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        write(folder, asked.images)
        stream = open_training(DataConfig("generated", folder, memory_limit=asked.memory_limit))
        before, began, steps = resident(), time.perf_counter(), asked.images // GROUP_SIZE
        for _ in tqdm(stream.training_steps(Grouping(GROUP_SIZE, last_step=steps)), total=steps, leave=False):
            pass
        seconds = time.perf_counter() - began
    decoded = asked.images * np.prod(stream.image_shape) / 1e9
    print(f"{asked.images:,} images, {decoded:.2f} GB when decoded, streamed at {asked.images / seconds:,.0f} a second")
    print(f"peak memory {resident():.2f} GB, of which {before:.2f} GB before the first group")


if __name__ == "__main__":
    main()
