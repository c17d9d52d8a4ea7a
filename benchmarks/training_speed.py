"""Speed of training side by side: ugvae_tf as its users run it, and a PyTorch twin of the official code.

Run `python benchmarks/training_speed.py --json speed.json` on a machine that does nothing
else: the twin on several threads suffers most from other jobs.

Both train the official MNIST model on MNIST, in rounds that alternate. Ratios are to the
twin at its best: its fastest number of threads for speed, its cheapest for CPU time. Four
groups a step are measured for the first number of components only.
"""

import argparse
import json
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from statistics import median

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import fit_timing
import numpy as np
import tensorflow as tf
import torch
from fit_timing import FitTimer, Result, Round
from torch_twin import TwinTrainer

from ugvae_tf.config import Config, DataConfig
from ugvae_tf.datasets.loading import load_split
from ugvae_tf.presets import preset

TWIN = "PyTorch twin"
DEFAULT_THREADS = torch.get_num_threads()
MATRIX_SIZE = 2048


class TwinTimer:
    """Trains the twin on some threads for as long as it is told."""

    def __init__(self, config: Config, images: torch.Tensor, threads: int) -> None:
        self.trainer, self.threads = TwinTrainer(config, images), threads
        self.trainer.step()

    def __call__(self, seconds: float) -> Round:
        torch.set_num_threads(self.threads)
        wall, cpu, steps = time.perf_counter(), time.process_time(), 0
        while time.perf_counter() - wall < seconds:
            self.trainer.step()
            steps += 1
        images = steps * self.trainer.group_size
        return Round(images, time.perf_counter() - wall, time.process_time() - cpu)


def fit_timer(config: Config, images: np.ndarray, groups: int) -> FitTimer:
    """ugvae_tf at that many groups a step."""
    config = fit_timing.with_groups(config, groups)
    stream = fit_timing.random_steps(config, images)
    return FitTimer(fit_timing.compiled_model(config, images), stream, fit_timing.images_per_step(config))


def contestants(config: Config, images: np.ndarray, four_groups: bool) -> dict[str, TwinTimer | FitTimer]:
    """What to measure."""
    pixels = torch.from_numpy(images).reshape(len(images), -1).float() / 255
    timers: dict[str, TwinTimer | FitTimer] = {
        f"{TWIN}, {DEFAULT_THREADS} threads": TwinTimer(config, pixels, DEFAULT_THREADS),
        f"{TWIN}, 1 thread": TwinTimer(config, pixels, 1),
        "ugvae_tf, 1 group a step": fit_timer(config, images, groups=1),
    }
    if four_groups:
        timers["ugvae_tf, 4 groups a step"] = fit_timer(config, images, groups=4)
    return timers


def flop_per_image(config: Config, pixels: int) -> float:
    """Floating-point operations of the matrix products that training on one image needs.

    Backward counts twice forward, as is usual; what a group needs once is shared by its images.
    """
    sizes = config.model
    hidden, components, z, beta = sizes.hidden_units, sizes.components, sizes.local_size, sizes.global_size
    expert_heads = 1 if sizes.expert_variance == "shared" else 2
    encoder = pixels * hidden + hidden * 2 * z + z * hidden + hidden * components
    experts = (hidden + components) * beta * expert_heads
    decoder = z * hidden + hidden * pixels
    divergences = 2 * z * components
    per_group = components * (beta * hidden + hidden * 2 * z) + beta * hidden
    weights = encoder + experts + decoder + divergences + per_group / config.data.group_size
    return 3 * 2 * weights


def peak_flop_per_second(repeats: int = 9) -> float:
    """Speed of the machine's float32 matrix product on all cores, the median of some."""
    matrix, times = tf.random.normal([MATRIX_SIZE, MATRIX_SIZE]), []
    for _ in range(repeats):
        start = time.perf_counter()
        tf.matmul(matrix, matrix).numpy()
        times.append(time.perf_counter() - start)
    return 2 * MATRIX_SIZE**3 / median(times)


def rows(results: Sequence[Result], components: int, share_of_one: float) -> list[dict]:
    """The results as rows of the table, compared with the twin at its best.

    `share_of_one` is the share of the machine's peak that one image a second takes.
    """
    twins = [result for result in results if result.name.startswith(TWIN)]
    speed, cost = max(twin.speed for twin in twins), min(twin.cost for twin in twins)
    return [
        {
            "name": result.name,
            "components": components,
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
    print(f"{'':27}{'K':>5}{'images/s':>10}{'CPU-s/1,000':>13}{'x speed':>9}{'x CPU':>7}{'of peak':>9}")
    for row in table:
        measured = f"{row['images_per_second']:10,.0f}{row['cpu_seconds_per_1000_images']:13.4f}"
        ratios = f"{row['speed_over_twin']:9.2f}{row['cpu_over_twin']:7.2f}{row['share_of_peak']:9.1%}"
        print(f"{row['name']:27}{row['components']:5}{measured}{ratios}")


def machine() -> dict[str, str | float]:
    """What the figures are measured on, and how busy it is with other jobs."""
    versions = {"torch": torch.__version__, "tensorflow": tf.__version__}
    load = round(os.getloadavg()[0], 1)
    return {"processor": fit_timing.processor(), "cores": os.cpu_count() or 1, "load_before": load, **versions}


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each, alternating")
    parser.add_argument("--seconds", type=float, default=4, help="length of a measurement, about")
    parser.add_argument("--components", type=int, nargs="+", default=[10, 1000], help="K: components of the mixture")
    parser.add_argument("--json", type=Path, help="file for the results, with every round")
    return parser.parse_args()


def main() -> None:
    asked = arguments()
    images, official = load_split(DataConfig("mnist"), "train").images, preset("mnist-official")
    used, peak, table = machine(), peak_flop_per_second(), []
    for place, components in enumerate(asked.components):
        config = replace(official, model=replace(official.model, components=components))
        timers = contestants(config, images, four_groups=place == 0)
        results = fit_timing.alternate(timers, asked.rounds, asked.seconds)
        table += rows(results, components, flop_per_image(config, images[0].size) / peak)
    print_table(table)
    print(f"x: times the twin at its best; peak: {peak / 1e9:.0f} GFLOP/s in matrix products")
    print(", ".join(f"{key} {value}" for key, value in used.items()))
    if asked.json:
        content = {"machine": used, "peak_flop_per_second": peak, "results": table}
        asked.json.write_text(json.dumps(content, indent=2) + "\n")


if __name__ == "__main__":
    main()
