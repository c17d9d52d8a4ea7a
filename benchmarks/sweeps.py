"""What the sizes B, K, L and M of a model change: one training for every value, all else as in a base.

`python benchmarks/sweeps.py` trains every point of SWEEPS with train.py, from BASE: a preset with fewer epochs, for
`glyphs` an earlier one, whose sizes the sweep led away from. It measures each point on the validation images and
stores it in benchmarks/sweeps.json. A stored point is not trained again. `--figures` draws docs/sweep_mnist.png and
docs/sweep_glyphs.png from the stored points. A step of training has about as many images for every B. Time is in CPU
seconds of the whole run of train.py, with its start-up.
"""

import argparse
import csv
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from sweep_figures import draw
from sweep_measures import measured

from ugvae_tf.files import replace_text

ROOT = Path(__file__).parents[1]
STORED = Path(__file__).parent / "sweeps.json"
EARLIER = ("--body=mlp", "--hidden-units=512", "--decoder-beta=film", "--augmentation=0")
BASE = {"mnist": ["--epochs=3"], "glyphs": ["--epochs=4", *EARLIER]}  # flags; fewer epochs than the presets, for time
USUAL = {  # the sizes of the base
    "mnist": {"group_size": 128, "components": 40, "local_size": 10, "global_size": 100},
    "glyphs": {"group_size": 31, "components": 100, "local_size": 10, "global_size": 64},
}
STEP = {"mnist": 256, "glyphs": 248}  # images
SWEEPS = {
    "glyphs": {
        "group_size": (4, 10, 31, 62),
        "components": (10, 30, 100, 200),
        "local_size": (2, 5, 10, 20),
        "global_size": (8, 20, 64, 128),
    },
    "mnist": {
        "group_size": (4, 32, 128, 512),
        "components": (5, 15, 40, 100),
        "local_size": (2, 5, 10, 20),
        "global_size": (10, 50, 100, 200),
    },
}
SEEDS = 3  # trainings of the base itself, whose spread the figures show


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--figures", action="store_true", help="draw the figures of the stored points")
    flags = parser.parse_args()
    stored = json.loads(STORED.read_text()) if STORED.exists() else {}
    if not flags.figures:
        for place, (dataset, arguments) in enumerate(points(), start=1):
            name = " ".join([dataset, *arguments])
            if name not in stored:
                stored[name] = trained(dataset, arguments)
                replace_text(STORED, json.dumps(stored, indent=1) + "\n")
            print(f"{place:3} of {len(points())}  {name:40}{stored[name]}", flush=True)
    for dataset, settings in SWEEPS.items():
        draw(dataset, settings, USUAL[dataset], stored, ROOT / "docs" / f"sweep_{dataset}.png")


def points() -> list[tuple[str, list[str]]]:
    """The data set and the flags of every training, the bases first."""
    seeds = [(dataset, [] if seed == 0 else [f"--seed={seed}"]) for dataset in SWEEPS for seed in range(SEEDS)]
    return seeds + [
        (dataset, [flag(setting, value)])
        for dataset, settings in SWEEPS.items()
        for setting, values in settings.items()
        for value in values
        if value != USUAL[dataset][setting]
    ]


def flag(setting: str, value: int) -> str:
    return f"--{setting.replace('_', '-')}={value}"


def trained(dataset: str, arguments: list[str]) -> dict[str, float]:
    """The validation bound, the CPU seconds of the run, and what `measured` finds in the exported model."""
    given = dict(argument.removeprefix("--").replace("-", "_").split("=") for argument in arguments)
    sizes = USUAL[dataset] | {name: int(value) for name, value in given.items() if name != "seed"}
    groups = max(1, STEP[dataset] // sizes["group_size"])
    with tempfile.TemporaryDirectory() as folder:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, ROOT / "train.py", "--dataset", dataset, *BASE[dataset]]
        command += [flag(setting, value) for setting, value in sizes.items()]
        command += [f"--groups-per-step={groups}", f"--seed={given.get('seed', 0)}"]
        command += ["--output-dir", folder, "--name", "run"]
        subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        with (Path(folder) / "run" / "history.csv").open(newline="") as file:
            last = list(csv.DictReader(file))[-1]
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        found = measured(Path(folder) / "run", np.random.default_rng(0))
    return {"bound": -float(last["val_loss"]), "cpu_seconds": round(seconds, 1), **found}


if __name__ == "__main__":
    main()
