"""The figures of README.md, docs/results.md and docs/paper.md that evaluation tasks measure.

`python benchmarks/results.py` runs every item of ITEMS that is not measured, each in a process of its own, and stores
its metrics.json with the command and the model's version as benchmarks/results/MODEL-NAME.json. After an interruption
the same command continues. An item is measured again if its flags have changed or its model has a newer version.
`--list` prints what is done and what is left, `--only NAME NAME` measures these items, and `--tables` prints the
Markdown tables of the stored results. An item whose model does not exist is left; untrained models are made first.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from results_markdown import rendered
from results_tables import TABLES

from ugvae_tf.errors import UserError
from ugvae_tf.files import replace_text
from ugvae_tf.serving.saved_model import version_folder

ROOT = Path(__file__).parents[1]
STORED = Path(__file__).parent / "results"
CODES = {
    "series": "--task batch-classification",
    "digit-sets": "--task batch-classification --categories digit-sets",
    "composition": "--task composition",
}
ALIGNMENT = {
    "interpolation": "--task interpolation --group-size 128",
    "domains": "--task batch-classification --group-size 128",
}
ITEMS = {
    "mnist": {
        **CODES,
        **{task: f"--task {task}" for task in ("generate", "prediction", "likelihood", "clustering", "anatomy")},
        "interpolation": "--task interpolation",
        "traversal": "--task traversal --directions paper",
    },
    "mnist/1": {  # the paper's p(beta)
        **CODES,
        **{task: f"--task {task}" for task in ("generate", "prediction", "likelihood", "anatomy", "interpolation")},
        "traversal": "--task traversal --directions paper",
    },
    "mnist-untrained": CODES,
    "mnist-albums": {
        task: f"--task {task}"
        for task in ("generate", "prediction", "composition", "likelihood", "clustering", "anatomy")
    },
    "glyphs": {
        **{task: f"--task {task}" for task in ("retrieval", "prediction", "likelihood", "anatomy")},
        **{task: f"--task {task} --attribute character" for task in ("completion", "clustering")},
        "swap": "--task swap --attribute character --group-size 31",
    },
    "glyphs-untrained": {"retrieval": "--task retrieval"},
    "chairs3d": {task: f"--task {task}" for task in ("retrieval", "prediction")},
    "faces3d": {
        name: f"--task batch-classification --group-size 128 --attribute {attribute}"
        for name, attribute in (("hair", "hair_color=black,blond"), ("male", "male"), ("smiling", "smiling"))
    },
    "faces3d+avatars": ALIGNMENT,
    "faces3d+avatars-aligned": {**ALIGNMENT, "back": f"{ALIGNMENT['interpolation']} --between faces3d,avatars"},
    "chairs3d+cars3d": ALIGNMENT,
}
UNTRAINED = {"mnist-untrained": "mnist", "glyphs-untrained": "glyphs"}  # by their preset


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="of items, such as mnist-series (default: all)")
    parser.add_argument("--list", action="store_true", help="print what is done and what is left")
    parser.add_argument("--tables", action="store_true", help="print the tables of the stored results")
    flags = parser.parse_args()
    if flags.tables:
        print(rendered(TABLES, {path.stem: json.loads(path.read_text()) for path in sorted(STORED.glob("*.json"))}))
        return
    chosen = {name: item for name, item in items().items() if flags.only is None or name in flags.only}
    if unknown := set(flags.only or ()) - set(chosen):
        parser.error(f"no item is named {', '.join(sorted(unknown))}: give one of {', '.join(items())}")
    left = []
    for number, (name, item) in enumerate(chosen.items(), start=1):
        note = "" if flags.list or is_done(name, *item) else measure(name, *item)
        left += [] if is_done(name, *item) else [name]
        print(f"{number:3} of {len(chosen)}  {name:40}{'left' if name in left else 'done'}{note}", flush=True)
    print(f"{len(chosen) - len(left)} done, {len(left)} left" + (f": {', '.join(left)}" if left else ""))
    sys.exit(bool(left) and not flags.list)


def items() -> dict[str, tuple[str, str]]:
    """The model, or its version, and the flags of every item, by its name."""
    slugs = {model: model.replace("/", "-") for model in ITEMS}
    return {f"{slugs[model]}-{name}": (model, flags) for model, each in ITEMS.items() for name, flags in each.items()}


def command(model: str, flags: str) -> str:
    return f"python evaluate.py --saved-model saved_models/{model} {flags}"


def version(model: str) -> int | None:
    """The version that is measured: the given one, else the newest."""
    try:
        return int(version_folder(ROOT / "saved_models" / model).name)
    except UserError:
        return None


def is_done(name: str, model: str, flags: str) -> bool:
    """Whether the stored result is of this command and of the newest version of the model."""
    path = STORED / f"{name}.json"
    record = json.loads(path.read_text()) if path.exists() else {}
    return bool(record) and (record["command"], record["model_version"]) == (command(model, flags), version(model))


def measure(name: str, model: str, flags: str) -> str:
    """Run the item and store its result; returns the time, or why there is none."""
    began = time.monotonic()
    if version(model) is None and model in UNTRAINED:
        run(["train.py", "--preset", UNTRAINED[model], "--epochs", "0", "--name", model])
    if version(model) is None:
        return f": there is no saved_models/{model}"
    with tempfile.TemporaryDirectory() as folder:
        error = run([*command(model, flags).split()[1:], "--output-dir", folder])
        if error is not None:
            return f": {error}"
        [metrics] = Path(folder).glob("evaluations/*/metrics.json")
        store(name, command(model, flags), json.loads(metrics.read_text()))
    return f" in {time.monotonic() - began:.0f} s"


def store(name: str, command: str, metrics: dict[str, Any]) -> None:
    STORED.mkdir(exist_ok=True)
    record = {"command": command, "model_version": metrics["model_version"], "metrics": metrics}
    replace_text(STORED / f"{name}.json", json.dumps(record, indent=1) + "\n")


def run(arguments: list[str]) -> str | None:
    """Run a script of the repository there; returns the last line of its error, or None."""
    ran = subprocess.run([sys.executable, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return None if ran.returncode == 0 else ran.stderr.decode().strip().splitlines()[-1]


if __name__ == "__main__":
    main()
