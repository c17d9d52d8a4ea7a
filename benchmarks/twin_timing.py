"""Speed of the PyTorch twin, in a process of its own.

Once a TensorFlow model has trained in a process, glibc's malloc hands the memory of every
torch step back to the system and fetches it again: with convolutions half as much time again.
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
    """Trains the twin on some threads for as long as it is told."""

    def __init__(self, config: Config, images: np.ndarray, threads: int) -> None:
        self.connection, theirs = get_context("spawn").Pipe()
        process = get_context("spawn").Process(target=serve, args=(theirs, config, images, threads), daemon=True)
        process.start()
        self.connection.recv()  # the first step is done

    def __call__(self, seconds: float) -> Round:
        self.connection.send(seconds)
        return self.connection.recv()


def serve(connection: Connection, config: Config, images: np.ndarray, threads: int) -> None:
    """Train on images [N, H, W, C] uint8 whenever seconds arrive, and answer with a round."""
    torch.set_num_threads(threads)
    pixels = torch.from_numpy(images).movedim(-1, 1).contiguous().float() / 255  # [N, C, H, W]
    trainer = TwinTrainer(config, pixels)
    connection.send(float(trainer.step()))
    with suppress(EOFError):  # the benchmark is over
        while True:
            connection.send(timed(trainer, connection.recv()))


def timed(trainer: TwinTrainer, seconds: float) -> Round:
    """Train for about that long."""
    wall, cpu, steps = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - wall < seconds:
        trainer.step()
        steps += 1
    images = steps * trainer.group_size
    return Round(images, time.perf_counter() - wall, time.process_time() - cpu)
