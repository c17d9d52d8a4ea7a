"""Speed of training a VAE, compared with pythae's (https://github.com/clementchadebec/benchmark_VAE).

Run `python benchmarks/pythae_speed.py` on an otherwise idle machine (`pip install '.[benchmark]'`).

Both train the default VAE of pythae on 50,000 images of MNIST, with 10,000 validation images after
every epoch: one hidden ReLU layer of 512 in the encoder and in the decoder, z of 40, a Gaussian
likelihood of variance 1, Adam. Every run is a process of its own; runs alternate. The first epoch is not timed:
it compiles. Images are training images, and the time includes the validation. The validation loss
is minus the bound, without the constant of the Gaussian, in nats per image. `--precision` is a list: ugvae_tf
is measured with each; pythae trains in float32.
"""

import argparse
import logging
import math
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import product
from multiprocessing import get_context
from statistics import median
from typing import Any, NamedTuple, get_args

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # as the commands have it

import keras
import numpy as np
from fit_timing import Round, processor

from ugvae_tf.config import Config, DataConfig, ModelConfig, TrainingConfig
from ugvae_tf.config.precision import Precision
from ugvae_tf.datasets.image_set import ImageSet
from ugvae_tf.datasets.loading import load_split
from ugvae_tf.training import fitting

BATCH, TRAINED, VALIDATED = 128, 50_000, 10_000
HIDDEN, LOCAL_SIZE = 512, 40  # pythae's default MLP has 512


class Run(NamedTuple):
    """The timed epochs of one run, and its last validation loss."""

    round: Round
    loss: float


class Clock:
    """Reads the clocks after every epoch."""

    def __init__(self) -> None:
        self.read: list[tuple[float, float]] = []

    def __call__(self, *_: Any, **__: Any) -> None:
        self.read.append((time.perf_counter(), time.process_time()))

    def round(self, images: int) -> Round:
        """The epochs after the first, of `images` training images each."""
        (wall, cpu), (last_wall, last_cpu) = self.read[0], self.read[-1]
        return Round(images * (len(self.read) - 1), last_wall - wall, last_cpu - cpu)


def splits() -> tuple[np.ndarray, np.ndarray]:
    """Training and validation images [N, H, W, C] uint8."""
    images = load_split(DataConfig("mnist"), "train").images
    return images[:TRAINED], images[TRAINED : TRAINED + VALIDATED]


def our_config(groups: int, epochs: int = 1, rate: float = 1e-3, precision: Precision = "float32") -> Config:
    """The same VAE, with the likelihood that pythae's squared error stands for; `groups` of BATCH images a step."""
    sizes = {"hidden_units": HIDDEN, "local_size": LOCAL_SIZE, "global_size": 0, "components": 1}
    training = TrainingConfig(epochs=epochs, groups_per_step=groups, learning_rate=rate, precision=precision)
    model = ModelConfig("vae", pixel_variance=1.0, **sizes)
    return Config(data=DataConfig(group_size=BATCH), model=model, training=training)


def train_ours(groups: int, epochs: int, rate: float, precision: Precision) -> Run:
    """ugvae_tf with `groups` groups of BATCH images a step."""
    config = our_config(groups, epochs, rate, precision)
    train, validation = map(ImageSet, splits())
    steps, clock = train.steps_per_epoch(fitting.grouping_of(config)), Clock()
    with fitting.make_strategy().scope():
        built = fitting.compiled_model(config, train.image_shape, steps)
    fitting.fit(built, config, train, validation, callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=clock)])
    constant = 0.5 * math.prod(train.image_shape) * math.log(2 * math.pi)
    return Run(clock.round(steps * groups * BATCH), built.history.history["val_loss"][-1] - constant)


def train_pythae(batch: int, epochs: int, rate: float, threads: int) -> Run:
    """pythae's trainer, with its defaults but for batch, rate and epochs."""
    import torch
    from pythae.data.datasets import BaseDataset
    from pythae.models import VAE, VAEConfig
    from pythae.trainers import BaseTrainer, BaseTrainerConfig
    from pythae.trainers.training_callbacks import TrainingCallback

    logging.disable(logging.CRITICAL)
    torch.set_num_threads(threads)
    clock, losses = Clock(), []

    class Watch(TrainingCallback):
        def on_log(self, training_config: Any, logs: dict, **_: Any) -> None:
            clock()
            losses.append(logs["eval_epoch_loss"])

    train, validation = (
        BaseDataset(torch.from_numpy(images).movedim(-1, 1).float() / 255, torch.zeros(len(images)))
        for images in splits()
    )
    sizes = {"per_device_train_batch_size": batch, "per_device_eval_batch_size": batch}
    with tempfile.TemporaryDirectory() as folder:
        config = BaseTrainerConfig(output_dir=folder, num_epochs=epochs, learning_rate=rate, **sizes)
        vae = VAE(VAEConfig(input_dim=(1, 28, 28), latent_dim=LOCAL_SIZE))
        BaseTrainer(vae, train, validation, config, [Watch()]).train()
    return Run(clock.round(TRAINED), losses[-1])


def contestants(epochs: int, rate: float, precisions: Sequence[Precision]) -> dict[str, Callable[[], Run]]:
    """The runs by name."""
    cores, settings = os.cpu_count() or 1, {"epochs": epochs, "rate": rate}
    return {
        f"pythae, batch {BATCH}, {cores} threads": partial(train_pythae, BATCH, threads=cores, **settings),
        f"pythae, batch {BATCH}, 1 thread": partial(train_pythae, BATCH, threads=1, **settings),
        f"pythae, batch {4 * BATCH}, {cores} threads": partial(train_pythae, 4 * BATCH, threads=cores, **settings),
    } | {
        f"ugvae_tf, {groups} a step, {precision}": partial(train_ours, groups, precision=precision, **settings)
        for groups, precision in product((1, 4), precisions)
    }


def in_process(train: Callable[[], Run]) -> Run:
    """The result of a run in a new process, without its progress bars."""
    with get_context("spawn").Pool(1, initializer=silence) as pool:
        return pool.apply(train)


def silence() -> None:
    """Close the standard error output, where pythae shows its bars."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def print_table(runs: dict[str, list[Run]]) -> None:
    """One line for every contestant, with ratios to pythae at BATCH: its fastest speed, its least CPU time."""
    speeds = {name: [run.round.speed for run in own] for name, own in runs.items()}
    costs = {name: median(run.round.cost for run in own) for name, own in runs.items()}
    theirs = [name for name in runs if name.startswith(f"pythae, batch {BATCH},")]
    speed, cost = max(median(speeds[name]) for name in theirs), min(costs[name] for name in theirs)
    print(f"{'':31}{'images/s (least-most)':>25}{'CPU-s/1,000':>13}{'x speed':>9}{'x CPU':>7}{'val. loss':>11}")
    for name, own in runs.items():
        span = f"{median(speeds[name]):,.0f} ({min(speeds[name]):,.0f}-{max(speeds[name]):,.0f})"
        ratios = f"{median(speeds[name]) / speed:9.2f}{costs[name] / cost:7.2f}"
        print(f"{name:31}{span:>25}{costs[name]:13.4f}{ratios}{median(run.loss for run in own):11.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="runs of each, alternating")
    parser.add_argument("--epochs", type=int, default=5, help="epochs of a run; the first is not timed")
    parser.add_argument("--learning-rate", type=float, default=1e-3, help="of Adam, constant")
    parser.add_argument("--precision", choices=get_args(Precision), nargs="+", default=["float32"], help="of ugvae_tf")
    asked = parser.parse_args()
    load, runs = os.getloadavg()[0], {}
    for _ in range(asked.rounds):
        for name, train in contestants(asked.epochs, asked.learning_rate, asked.precision).items():
            runs.setdefault(name, []).append(in_process(train))
    print_table(runs)
    print(f"{processor()}, {os.cpu_count()} cores, load before {load:.1f}")


if __name__ == "__main__":
    main()
