"""Speed of two workers on this machine, one core each, beside one worker on one core.

`python benchmarks/two_workers.py` runs train.py with TF_CONFIG for every model of RUNS, in alternating rounds. Each
worker has one group in a step. It prints images a second per worker, and the bytes of gradients in a step.
"""

import argparse
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
RUNS: Mapping[str, list[str]] = {
    "mlp, groups of 128": ["--dataset", "mnist", "--preset", "mnist-official", "--epochs", "4"],
    "conv, groups of 32": ["--dataset", "faces3d", "--epochs", "3"],
}
ROW = re.compile(r" *\d+/\d+ .*?([\d,]+) +\d+:\d+ *$", re.MULTILINE)  # an epoch: images a second, and the time left
PARAMETERS = re.compile(r"([\d,]+)\s+parameters")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=2, help="runs of each, alternating")
    flags = parser.parse_args()
    for name, run in RUNS.items():
        found = [[speed(run, workers) for workers in (1, 2)] for _ in range(flags.rounds)]
        (one, parameters), (two, _) = (
            (median(speeds for speeds, _ in of_count), of_count[0][1]) for of_count in zip(*found, strict=True)
        )
        print(f"{name}: {one:,.0f} images/s with one worker, {two / 2:,.0f} each with two ({two / 2 / one:.2f}); "
              f"{4 * parameters / 1e6:.1f} MB of gradients a step", flush=True)  # fmt: skip


def speed(run: list[str], workers: int) -> tuple[float, int]:
    """Images a second of all workers, the median over the epochs after the first, and the number of parameters."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            str(ROOT / "train.py"),
            *run,
            "--groups-per-step",
            str(workers),
            "--output-dir",
            folder,
        ]
        processes = [worker(command, core, cluster) for core, cluster in enumerate(clusters(workers))]
        printed, *_ = [process.communicate()[0] for process in processes]
    if any(process.returncode for process in processes):
        sys.exit(printed)
    speeds = [float(found.replace(",", "")) for found in ROW.findall(printed)]
    parameters = PARAMETERS.search(printed)
    assert parameters is not None, printed
    return median(speeds[1:]), int(parameters[1].replace(",", ""))


def worker(command: list[str], core: int, cluster: str | None) -> subprocess.Popen[str]:
    """One process on one core."""
    environment = dict(os.environ) if cluster is None else os.environ | {"TF_CONFIG": cluster}
    return subprocess.Popen(
        command,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
    )


def clusters(workers: int) -> list[str | None]:
    """TF_CONFIG of each worker; None for a single one."""
    if workers == 1:
        return [None]
    addresses = []
    for _ in range(workers):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            addresses.append(f"127.0.0.1:{free.getsockname()[1]}")
    tasks = [{"type": "worker", "index": index} for index in range(workers)]
    return [json.dumps({"cluster": {"worker": addresses}, "task": task}) for task in tasks]


if __name__ == "__main__":
    main()
