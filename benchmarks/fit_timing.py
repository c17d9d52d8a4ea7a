"""Speed of model.fit after compilation: functions that the benchmarks share."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import keras
import numpy as np
import tensorflow as tf

from ugvae_tf.config import Config
from ugvae_tf.datasets.image_set import ImageSet
from ugvae_tf.models.base import GroupModel
from ugvae_tf.training import fitting

WARM_UP = 4  # executions timed before the first round, to estimate the number of executions per round


@dataclass(frozen=True)
class Round:
    """The number of training images of one round, and its wall and CPU time."""

    images: int
    wall: float  # seconds
    cpu: float  # seconds, of all threads

    @property
    def speed(self) -> float:
        """Images per second."""
        return self.images / self.wall

    @property
    def cost(self) -> float:
        """CPU seconds per 1,000 images."""
        return 1000 * self.cpu / self.images


@dataclass(frozen=True)
class Result:
    """The rounds of one contestant."""

    name: str
    rounds: Sequence[Round]

    @property
    def speed(self) -> float:
        """Images per second, the median of the rounds."""
        return median(one.speed for one in self.rounds)

    @property
    def cost(self) -> float:
        """CPU seconds per 1,000 images, the median of the rounds."""
        return median(one.cost for one in self.rounds)


def alternate(contestants: Mapping[str, Callable[[float], Round]], rounds: int, seconds: float) -> list[Result]:
    """Measure every contestant once per round, so that disturbances of the machine affect all of them."""
    measured = [[measure(seconds) for measure in contestants.values()] for _ in range(rounds)]
    return [Result(name, own) for name, own in zip(contestants, zip(*measured, strict=True), strict=True)]


class Stopwatch(keras.callbacks.Callback):
    """Reads the clocks after every execution; the first one compiles and fills the buffers."""

    def on_train_begin(self, logs: dict | None = None) -> None:
        self.clocks: list[tuple[int, float, float]] = []  # steps, wall and CPU after each execution

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self.clocks.append((int(self.model.optimizer.iterations.numpy()), time.perf_counter(), time.process_time()))

    def round(self, images: int) -> Round:
        """The steps of `images` images each after the first execution, and their time."""
        (step, wall, cpu), (last_step, last_wall, last_cpu) = self.clocks[0], self.clocks[-1]
        return Round(images * (last_step - step), last_wall - wall, last_cpu - cpu)


class FitTimer:
    """Calls model.fit on an endless stream of steps for about a given number of seconds."""

    def __init__(self, model: GroupModel, stream: tf.data.Dataset, images_per_step: int) -> None:
        self.model, self.stream, self.images_per_step = model, stream, images_per_step
        self.seconds_per_execution = self._fit(WARM_UP).wall / WARM_UP

    def __call__(self, seconds: float) -> Round:
        return self._fit(max(1, round(seconds / self.seconds_per_execution)))

    def _fit(self, executions: int) -> Round:
        """Time the given number of executions, of steps_per_execution steps or less, after one untimed execution."""
        steps, watch = (1 + executions) * self.model.steps_per_execution, Stopwatch()
        self.model.fit(self.stream, steps_per_epoch=steps, callbacks=[watch], shuffle=False, verbose=0)
        return watch.round(self.images_per_step)


def compiled_model(config: Config, images: np.ndarray) -> GroupModel:
    """The model as a training run compiles it, for images [N, H, W, C]."""
    steps = ImageSet(images).steps_per_epoch(fitting.grouping_of(config))
    with fitting.make_strategy().scope():
        return fitting.compiled_model(config, images.shape[1:], steps)


def random_steps(config: Config, images: np.ndarray) -> tf.data.Dataset:
    """The endless input pipeline of a training run."""
    return ImageSet(images).training_steps(fitting.grouping_of(config))


def images_per_step(config: Config) -> int:
    """Images in one gradient step."""
    return config.data.group_size * config.training.groups_per_step


def with_groups(config: Config, groups: int) -> Config:
    """The same configuration with another number of groups per step."""
    return replace(config, training=replace(config.training, groups_per_step=groups))


def with_iwae(config: Config, samples: int) -> Config:
    """The same configuration with the importance-weighted bound as its objective."""
    return replace(config, training=replace(config.training, objective="iwae", importance_samples=samples))


def processor() -> str:
    """The CPU's name from /proc/cpuinfo."""
    with Path("/proc/cpuinfo").open() as file:
        names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    return names[0] if names else "unknown CPU"
