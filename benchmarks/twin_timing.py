"""Speed of the PyTorch twin, in a separate process.

After a TensorFlow model has trained in the same process, glibc's malloc returns the memory of
every torch step to the system and requests it again: a step with convolutions then takes 1.5
times as long.
"""

import time
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection

import numpy as np
import torch
from fit_timing import Round
from torch_twin import TwinTrainer

from ugvae_tf.config import Config


class TwinTimer:
    """Trains the twin on a number of threads for a given number of seconds."""

    def __init__(self, config: Config, images: np.ndarray, threads: int) -> None:
        self.connection, theirs = get_context("spawn").Pipe()
        process = get_context("spawn").Process(target=serve, args=(theirs, config, images, threads), daemon=True)
        process.start()
        self.connection.recv()  # the first step is done

    def __call__(self, seconds: float) -> Round:
        self.connection.send(seconds)
        return self.connection.recv()


def serve(connection: Connection, config: Config, images: np.ndarray, threads: int) -> None:
    """Receive seconds, train on images [N, H, W, C] uint8 for that time, and send the round, until the pipe closes."""
    torch.set_num_threads(threads)
    pixels = torch.from_numpy(images).movedim(-1, 1).contiguous().float() / 255  # [N, C, H, W]
    trainer = TwinTrainer(config, pixels)
    connection.send(float(trainer.step()))
    with suppress(EOFError):  # the benchmark is over
        while True:
            connection.send(timed(trainer, connection.recv()))


def timed(trainer: TwinTrainer, seconds: float) -> Round:
    """Train for about the given seconds."""
    wall, cpu, steps = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - wall < seconds:
        trainer.step()
        steps += 1
    images = steps * trainer.group_size
    return Round(images, time.perf_counter() - wall, time.process_time() - cpu)
