"""Time to encode one group: serving_default in TensorFlow Serving's C++ code, compared with Keras.

Run `python benchmarks/serving_latency.py`. One group at a time, without a network: the C++ process is
that of the conformance test. Times include copying images in and codes out.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.append(str(Path(__file__).parents[1] / "tests"))  # for cpp_process

import numpy as np
import tensorflow as tf
from cpp_process import ask
from fit_timing import processor

from ugvae_tf import config as configuration
from ugvae_tf.models import build_model
from ugvae_tf.serving import saved_model

SAVED_MODELS = Path(__file__).parents[1] / "saved_models"
MODELS = ("mnist", "faces3d")
WARM_UP = 20  # untimed calls of each round
Timer = Callable[[int], np.ndarray]  # how many calls -> seconds of each


def cpp_timer(version: Path, images: np.ndarray) -> Timer:
    """The exported version, in a new process each time."""

    def measure(calls: int) -> np.ndarray:
        return ask(version, [("serving_default", {"images": images})], WARM_UP + calls).seconds[0, WARM_UP:]

    return measure


def keras_timer(version: Path, images: np.ndarray, compiled: bool) -> Timer:
    """The same network built by Keras (with other weights), in a tf.function or op by op."""
    config = configuration.from_json((version / "assets.extra" / "config.json").read_text())
    model = build_model(config.model, images.shape[2:])
    encode, [spec] = model.signatures()["serving_default"]
    function = tf.function(encode, input_signature=[spec]) if compiled else encode

    def measure(calls: int) -> np.ndarray:
        seconds = []
        for _ in range(WARM_UP + calls):
            began = time.perf_counter()
            _ = [value.numpy() for value in function(tf.constant(images)).values()]
            seconds.append(time.perf_counter() - began)
        return np.array(seconds[WARM_UP:])

    return measure


def report(folder: Path, size: int, rounds: int, calls: int) -> None:
    """Measure one model with each contestant in turn, and print a line of the table for each."""
    version = folder / str(saved_model.newest_version(folder))
    image_shape = saved_model.read_config(version)["image_shape"]
    images = np.random.default_rng(0).random((1, size, *image_shape), np.float32)
    contestants = {
        "C++ loader": cpp_timer(version, images),
        "Keras, `tf.function`": keras_timer(version, images, compiled=True),
        "Keras, eager": keras_timer(version, images, compiled=False),
    }
    measured = [[measure(calls) for measure in contestants.values()] for _ in range(rounds)]
    shape = "x".join(map(str, image_shape))
    for name, parts in zip(contestants, zip(*measured, strict=True), strict=True):
        median, slow = 1000 * np.percentile(np.concatenate(parts), [50, 99])
        print(f"| `{folder.name}`, {size} images of {shape} | {name} | {median:.1f} | {slow:.1f} |", flush=True)


def arguments() -> argparse.Namespace:
    """The arguments of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", type=Path, default=[SAVED_MODELS / name for name in MODELS])
    parser.add_argument("--group-size", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each, alternating")
    parser.add_argument("--calls", type=int, default=200, help="of each round")
    return parser.parse_args()


def main() -> None:
    asked = arguments()
    print("| group | in | median, ms | 99th percentile, ms |\n|---|---|---|---|")
    for folder in asked.models:
        report(folder, asked.group_size, asked.rounds, asked.calls)
    print(f"\n{processor()}, {os.cpu_count()} cores, TensorFlow {tf.__version__}")


if __name__ == "__main__":
    main()
