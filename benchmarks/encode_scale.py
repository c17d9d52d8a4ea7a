"""Images per second and memory of `encode` over a million images in 10,000 groups (MNIST, repeated).

`python benchmarks/encode_scale.py` measures the local stream and, if Apache Beam is installed, the DirectRunner with
one and two processes. Prints images and CPU seconds without the start, and the resident memory of this process (of its
children for several processes) at a tenth of the images and at the end.
"""

import argparse
import importlib.util
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil

from ugvae_tf.datasets.front import load_images
from ugvae_tf.datasets.grouped_images import GroupedImages
from ugvae_tf.datasets.image_reader import Chunk
from ugvae_tf.groups.stream import encoded
from ugvae_tf.serving.served_model import load


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saved-model", default="mnist")
    parser.add_argument("--images", type=int, default=1_000_000)
    parser.add_argument("--groups", type=int, default=10_000)
    parser.add_argument("--processes", default="0,1,2", help="0: the local stream")
    flags = parser.parse_args()
    images = load_images("mnist")[0].images
    groups = np.random.default_rng(0).integers(flags.groups, size=flags.images)
    for processes in map(int, flags.processes.split(",")):
        if processes == 0:
            local(flags.saved_model, images, groups)
        elif importlib.util.find_spec("apache_beam"):
            on_beam(flags.saved_model, images, groups, processes)


def local(saved_model: str, images: np.ndarray, groups: np.ndarray) -> None:
    model, memory, times, cpu = load(saved_model), [], [], []

    def read(_: object, size: int) -> Iterator[Chunk]:
        for start in range(0, len(groups), size):
            places = np.arange(start, min(start + size, len(groups)))
            memory.append(resident())
            times.append(time.monotonic())
            cpu.append(time.process_time())
            yield Chunk(places, images[places % len(images)])

    names = np.arange(groups.max() + 1)
    encoded(model, GroupedImages(names, groups, range(len(groups)), read))
    measured = len(groups) - len(groups) // len(times)  # without the first chunk
    rate, seconds = measured / (time.monotonic() - times[1]), (time.process_time() - cpu[1]) / measured
    print(
        f"\nlocal stream: {rate:,.0f} images/s, {1000 * seconds:.4f} CPU seconds per 1,000 images, "
        f"{memory[len(memory) // 10]:.0f} MB, at the end {resident():.0f} MB"
    )


def on_beam(saved_model: str, images: np.ndarray, groups: np.ndarray, processes: int) -> None:
    from ugvae_tf.groups.beam_elements import IMAGES, Rows
    from ugvae_tf.groups.beam_encode import Job, run_pipeline
    from ugvae_tf.serving.shipped import located

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "images.npy"
        np.save(file, images)
        elements = [
            Rows(str(file), start, tuple(groups[start : start + IMAGES].tolist()))
            for start in range(0, len(groups), IMAGES)
        ]
        job = Job(located(saved_model), False, "stop", str(Path(folder) / "codes.npz"), np.arange(groups.max() + 1))
        mode = "in_memory" if processes == 1 else "multi_processing"
        flags = ["--runner=DirectRunner", f"--direct_num_workers={processes}", f"--direct_running_mode={mode}"]
        run_pipeline(job, elements[: 2 * processes], flags)  # imports, and the first calls of the model
        with Watch() as watch:
            began = time.monotonic()
            run_pipeline(job, elements, flags)
            seconds = time.monotonic() - began
    tenth = watch.seen[len(watch.seen) // 10]
    rate, most = len(groups) / seconds, max(watch.seen)
    print(f"\nBeam, {processes} processes: {rate:,.0f} images/s, {tenth:.0f} MB, at most {most:.0f} MB")


def resident() -> float:
    """Megabytes of this process and its children."""
    process = psutil.Process()
    return sum(each.memory_info().rss for each in (process, *process.children(recursive=True))) / 1e6


class Watch:
    """The resident memory, twice a second."""

    def __enter__(self) -> "Watch":
        self.seen, self._over = [resident()], threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def _look(self) -> None:
        while not self._over.wait(0.5):
            self.seen.append(resident())

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


if __name__ == "__main__":
    main()
