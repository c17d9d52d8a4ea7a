"""Speed of training: ugvae_tf as in a training run, compared with a PyTorch twin of the official code.

Run `python benchmarks/training_speed.py --json speed.json` on an otherwise idle machine: other
jobs slow down the twin on several threads most.

Both train the official models in alternating rounds: the MNIST model on MNIST, and the CelebA
model, with convolutions and batch normalisation, on noise images of 64x64 pixels in three
channels. Ratios of speed are to the twin's fastest number of threads, ratios of CPU time to the
number of threads with the least CPU time. `--groups` and `--precision` are lists: ugvae_tf is
measured with each, the twin has one group a step.
"""

import argparse
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, replace
from itertools import product
from pathlib import Path
from typing import get_args

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # as the commands have it

import fit_timing
import flop
import numpy as np
import tensorflow as tf
import torch
from fit_timing import FitTimer, Result
from twin_timing import TwinTimer

from ugvae_tf.config import Config, DataConfig, ModelConfig
from ugvae_tf.config.precision import Precision
from ugvae_tf.config.presets import preset
from ugvae_tf.datasets.loading import load_split

TWIN = "PyTorch twin"
DEFAULT_THREADS = torch.get_num_threads()
OFFICIAL_CONV = {
    "body": "conv",
    "normalisation": "batch",
    "local_size": 20,
    "global_size": 50,
    "components": 20,
}


def fit_timer(config: Config, images: np.ndarray, groups: int, precision: Precision) -> FitTimer:
    """ugvae_tf with `groups` groups per step."""
    config = fit_timing.with_groups(config, groups)
    config = replace(config, training=replace(config.training, precision=precision))
    stream = fit_timing.random_steps(config, images)
    return FitTimer(fit_timing.compiled_model(config, images), stream, fit_timing.images_per_step(config))


def contestants(
    config: Config, images: np.ndarray, groups: Sequence[int], precisions: Sequence[Precision]
) -> dict[str, TwinTimer | FitTimer]:
    """The timers by name."""
    timers: dict[str, TwinTimer | FitTimer] = {
        f"{TWIN}, {DEFAULT_THREADS} threads": TwinTimer(config, images, DEFAULT_THREADS),
        f"{TWIN}, 1 thread": TwinTimer(config, images, 1),
    }
    for number, precision in product(groups, precisions):
        timers[f"ugvae_tf, {number} a step, {precision}"] = fit_timer(config, images, number, precision)
    return timers


def models(bodies: Sequence[str], components: Sequence[int]) -> list[Config]:
    """The official models to measure."""
    official, found = preset("mnist-official"), []
    if "mlp" in bodies:
        found += [replace(official, model=replace(official.model, components=number)) for number in components]
    if "conv" in bodies:
        found += [replace(official, model=replace(official.model, **OFFICIAL_CONV))]
    return found


def images_for(body: str) -> np.ndarray:
    """Images [N, H, W, C] uint8; the speed of a network does not depend on their content."""
    if body == "mlp":
        return load_split(DataConfig("mnist"), "train").images
    return np.random.default_rng(0).integers(256, size=(20 * 128, 64, 64, 3), dtype=np.uint8)


def rows(results: Sequence[Result], model: ModelConfig, share_of_one: float) -> list[dict]:
    """The results as rows of the table, with ratios to the best twin.

    `share_of_one` is the share of the machine's peak for one image per second.
    """
    twins = [result for result in results if result.name.startswith(TWIN)]
    speed, cost = max(twin.speed for twin in twins), min(twin.cost for twin in twins)
    return [
        {
            "name": result.name,
            "body": model.body,
            "components": model.components,
            "images_per_second": result.speed,
            "cpu_seconds_per_1000_images": result.cost,
            "speed_over_twin": result.speed / speed,
            "cpu_over_twin": result.cost / cost,
            "share_of_peak": result.speed * share_of_one,
            "rounds": [asdict(one) for one in result.rounds],
        }
        for result in results
    ]


def print_table(table: list[dict]) -> None:
    """One line for every contestant."""
    print(f"{'':27}{'body':>5}{'K':>5}{'images/s':>10}{'CPU-s/1,000':>13}{'x speed':>9}{'x CPU':>7}{'of peak':>9}")
    for row in table:
        measured = f"{row['images_per_second']:10,.0f}{row['cpu_seconds_per_1000_images']:13.4f}"
        ratios = f"{row['speed_over_twin']:9.2f}{row['cpu_over_twin']:7.2f}{row['share_of_peak']:9.1%}"
        print(f"{row['name']:27}{row['body']:>5}{row['components']:5}{measured}{ratios}")


def machine() -> dict[str, str | float]:
    """The machine of the measurement, and its load from other jobs."""
    versions = {"torch": torch.__version__, "tensorflow": tf.__version__}
    load = round(os.getloadavg()[0], 1)
    return {"processor": fit_timing.processor(), "cores": os.cpu_count() or 1, "load_before": load, **versions}


def arguments() -> argparse.Namespace:
    """The arguments of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each, alternating")
    parser.add_argument("--seconds", type=float, default=4, help="length of a measurement, about")
    parser.add_argument("--body", choices=["mlp", "conv"], nargs="+", default=["mlp", "conv"], help="which models")
    parser.add_argument("--components", type=int, nargs="+", default=[10, 1000], help="K of mlp; conv has 20")
    parser.add_argument("--groups", type=int, nargs="+", default=[1, 4], help="groups a step of ugvae_tf")
    parser.add_argument("--precision", choices=get_args(Precision), nargs="+", default=["float32"], help="of ugvae_tf")
    parser.add_argument("--json", type=Path, help="file for the results, with every round")
    return parser.parse_args()


def main() -> None:
    asked = arguments()
    used, peak, table = machine(), flop.peak_flop_per_second(), []
    for config in models(asked.body, asked.components):
        images = images_for(config.model.body)
        timers = contestants(config, images, asked.groups, asked.precision)
        results = fit_timing.alternate(timers, asked.rounds, asked.seconds)
        table += rows(results, config.model, flop.flop_per_image(config, images.shape[1:]) / peak)
    print_table(table)
    print(f"x: times the twin at its best; peak: {peak / 1e9:.0f} GFLOP/s in matrix products")
    print(", ".join(f"{key} {value}" for key, value in used.items()))
    if asked.json:
        content = {"machine": used, "peak_flop_per_second": peak, "results": table}
        asked.json.write_text(json.dumps(content, indent=2) + "\n")


if __name__ == "__main__":
    main()
