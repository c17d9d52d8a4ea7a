"""Runs that are killed at a random moment and resumed: do they end as the undisturbed run does?

`python benchmarks/kills.py --kills 50` trains a small model once without a disturbance, then again for every kill: the
process gets the signal at a random moment of its life, and a second one continues with --resume, or starts again where
nothing had begun. Weights, history.csv and versions are compared with those of the undisturbed run. The exit status
is 1 if any differ.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
FLAGS = "--dataset npz --image-size 5 --epochs 4 --group-size 5 --body mlp --hidden-units 5 --local-size 2 "
FLAGS += "--global-size 3 --components 2 --normalisation none --name small"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--signal", default="KILL", help="KILL, TERM, HUP or INT")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    asked = parser.parse_args()
    random = np.random.default_rng(asked.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        images = np.random.default_rng(0).integers(256, size=(400, 5, 5, 1), dtype=np.uint8)
        np.savez(folder / "images.npz", image=images)
        began = time.monotonic()
        ended(start(folder, "undisturbed"))
        life, expected = time.monotonic() - began, results(folder / "undisturbed")
        equal = 0
        for number in range(asked.kills):
            moment, output = random.uniform(0, life), f"killed-{number}"
            state = disturbed(folder, output, moment, getattr(signal, f"SIG{asked.signal}"))
            same = results(folder / output) == expected
            equal += same
            print(
                f"{number}: after {moment:.1f} of {life:.1f} s, {state}: {'equal' if same else 'DIFFERENT'}", flush=True
            )
    print(f"{equal} of {asked.kills} as undisturbed")
    sys.exit(equal < asked.kills)


def start(folder: Path, output: str, *more: str) -> subprocess.Popen:
    """train.py in a process of its own."""
    command = [sys.executable, ROOT / "train.py", *FLAGS.split(), "--data-dir", folder / "images.npz"]
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    return subprocess.Popen(
        [*command, "--output-dir", folder / output, *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


def ended(process: subprocess.Popen) -> tuple[int, str]:
    """Its exit status, and what it wrote on standard error."""
    _, told = process.communicate()
    return process.returncode, told


def disturbed(folder: Path, output: str, moment: float, number: int) -> str:
    """Train with one signal at the moment, then to the end; returns where the run was."""
    process = start(folder, output)
    time.sleep(moment)
    process.send_signal(number)
    ended(process)
    run = folder / output / "small"
    rows = len((run / "history.csv").read_text().splitlines()) if (run / "history.csv").exists() else 0
    status, told = ended(start(folder, output, "--resume"))
    if status == 2 and "no run to resume" in told:
        status, told = ended(start(folder, output))
        return f"before the run, then status {status} {told[-300:]}"
    return f"with {max(0, rows - 1)} epochs in history.csv, then status {status} {told[-300:]}"


def results(output: Path) -> dict[str, bytes | list[str]]:
    """What the undisturbed run and the others have in common: weights, history and versions."""
    run = output / "small"
    versions = sorted(path.name for path in run.iterdir() if path.name.isdigit())
    weights = {str(path): path.read_bytes() for path in run.glob("1/variables/variables.data*")}
    return {"versions": versions, "history": (run / "history.csv").read_bytes(), "weights": b"".join(weights.values())}


if __name__ == "__main__":
    main()
