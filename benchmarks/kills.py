"""Runs that get a signal at a random moment and are resumed: do they end as the undisturbed run does?

`python benchmarks/kills.py --kills 50 --output kills.json` trains a small model once without a disturbance, then again
for every kill: the process gets the signal at a random moment of its life, and a second one continues with --resume,
or starts again where nothing had begun. Weights, history.csv and versions are compared with those of the undisturbed
run. Every result is written at once, and the same command continues where it was stopped. The exit status is 1 if any
differ.
"""

import argparse
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, get_args

import numpy as np

from ugvae_tf.config.precision import Precision
from ugvae_tf.files import replace_text

ROOT = Path(__file__).parents[1]
FLAGS = "--dataset npz --image-size 5 --epochs 3 --group-size 5 --groups-per-step 8 --body mlp --hidden-units 5 "
FLAGS += "--local-size 2 --global-size 3 --components 2 --normalisation none --name small"
# Most of a run is start and compilation, which these make shorter; the steps are those of any run.
ENVIRONMENT = {
    "CUDA_VISIBLE_DEVICES": "-1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_NUM_INTRAOP_THREADS": "1",
    "XLA_FLAGS": "--xla_backend_optimization_level=0",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--signal", default="KILL", help="KILL, TERM, HUP or INT")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--precision", choices=get_args(Precision), default="float32", help="of the training")
    parser.add_argument("--output", type=Path, default=Path("kills.json"), help="results of every kill")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        equal = [row["equal"] for row in measured(asked, Path(name))]
    print(f"{sum(equal)} of {asked.kills} as undisturbed")
    sys.exit(sum(equal) < asked.kills)


def measured(asked: argparse.Namespace, folder: Path) -> list[dict[str, Any]]:
    """A row for every kill, those of an earlier start included."""
    images = np.random.default_rng(0).integers(256, size=(400, 5, 5, 1), dtype=np.uint8)
    np.savez(folder / "images.npz", image=images)
    began = time.monotonic()
    status, told = ended(start(folder, "undisturbed", asked.precision))
    if status:
        sys.exit(told)
    life, expected = time.monotonic() - began, digest(folder / "undisturbed")
    record = begun(asked, expected)
    for number in range(len(record["rows"]), asked.kills):
        moment = np.random.default_rng([asked.seed, number]).uniform(0, life)
        began, output = time.monotonic(), f"killed-{number}"
        state = disturbed(folder, output, asked.precision, moment, getattr(signal, f"SIG{asked.signal}"))
        row = {"number": number, "moment": moment, "life": life, "state": state}
        row |= {"equal": digest(folder / output) == expected, "seconds": time.monotonic() - began}
        record["rows"].append(row)
        replace_text(asked.output, json.dumps(record, indent=1))
        verdict = "equal" if row["equal"] else "DIFFERENT"
        print(f"{number}: after {moment:.1f} of {life:.1f} s, {state}: {verdict}", flush=True)
    return record["rows"][: asked.kills]


def begun(asked: argparse.Namespace, expected: str) -> dict[str, Any]:
    """The record in the file, or a new one; a record of other flags or of another undisturbed run is refused."""
    record = {"signal": asked.signal, "seed": asked.seed, "precision": asked.precision, "undisturbed": expected}
    if not asked.output.exists():
        return record | {"rows": []}
    found = json.loads(asked.output.read_text())
    if {name: found.get(name) for name in record} != record:
        sys.exit(f"{asked.output} is of other flags, another machine or version: delete it, or give another --output.")
    return found


def start(folder: Path, output: str, precision: Precision, *more: str) -> subprocess.Popen:
    """train.py in a process of its own."""
    command = [sys.executable, ROOT / "train.py", *FLAGS.split(), "--data-dir", folder / "images.npz"]
    return subprocess.Popen(
        [*command, "--output-dir", folder / output, "--precision", precision, *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **ENVIRONMENT},
    )


def ended(process: subprocess.Popen) -> tuple[int, str]:
    """Its exit status, and what it wrote on standard error."""
    _, told = process.communicate()
    return process.returncode, told


def disturbed(folder: Path, output: str, precision: Precision, moment: float, number: int) -> str:
    """Train with one signal at the moment, then to the end; returns where the run was."""
    process = start(folder, output, precision)
    time.sleep(moment)
    process.send_signal(number)
    ended(process)
    run = folder / output / "small"
    rows = len((run / "history.csv").read_text().splitlines()) if (run / "history.csv").exists() else 0
    status, told = ended(start(folder, output, precision, "--resume"))
    if status == 2 and "no run to resume" in told:
        status, told = ended(start(folder, output, precision))
        return f"before the run, then status {status} {told[-300:]}"
    return f"with {max(0, rows - 1)} epochs in history.csv, then status {status} {told[-300:]}"


def digest(output: Path) -> str:
    """Of what the undisturbed run and the others have in common: weights, history and versions."""
    run, found = output / "small", hashlib.sha256()
    found.update(" ".join(sorted(path.name for path in run.iterdir() if path.name.isdigit())).encode())
    for path in [run / "history.csv", *sorted(run.glob("1/variables/variables.data*"))]:
        found.update(path.read_bytes() if path.exists() else b"missing")
    return found.hexdigest()


if __name__ == "__main__":
    main()
