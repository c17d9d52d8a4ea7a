"""Speed of model.fit on the input pipeline, compared with one batch in memory.

Run `python benchmarks/input_pipeline.py`.
"""

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # as the commands have it

import numpy as np
import tensorflow as tf
from fit_timing import FitTimer, alternate, compiled_model, images_per_step, processor, random_steps, with_groups

from ugvae_tf.config import Config, DataConfig
from ugvae_tf.config.presets import preset
from ugvae_tf.datasets.loading import load_split

GROUPS_PER_STEP = [1, 4]


def contestants(config: Config, images: np.ndarray) -> dict[str, FitTimer]:
    """The same model on the pipeline's steps, and on its first step repeated."""
    model, pipeline = compiled_model(config, images), random_steps(config, images)
    cached = tf.data.Dataset.from_tensors(next(iter(pipeline))).repeat()
    streams = {"pipeline": pipeline, "cached": cached}
    return {name: FitTimer(model, stream, images_per_step(config)) for name, stream in streams.items()}


def report(groups: int, images: np.ndarray, rounds: int, seconds: float) -> None:
    """Measure with `groups` groups per step, and print one line of the table."""
    timers = contestants(with_groups(preset("mnist"), groups), images)
    pipeline, cached = alternate(timers, rounds, seconds)
    print(f"{groups:13} {pipeline.speed:17,.0f} {cached.speed:15,.0f} {pipeline.speed / cached.speed:6.2f}")


def arguments() -> argparse.Namespace:
    """The arguments of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each, alternating")
    parser.add_argument("--seconds", type=float, default=4, help="length of a measurement, about")
    return parser.parse_args()


def main() -> None:
    asked = arguments()
    images = load_split(DataConfig("mnist"), "train").images
    print("Images per second of model.fit, preset mnist, median of the rounds")
    print("groups a step    input pipeline    cached batch  ratio")
    for groups in GROUPS_PER_STEP:
        report(groups, images, asked.rounds, asked.seconds)
    print(f"{processor()}, {os.cpu_count()} cores, TensorFlow {tf.__version__}")


if __name__ == "__main__":
    main()
