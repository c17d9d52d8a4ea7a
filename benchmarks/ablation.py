"""The models of paper figure 1 side by side: equal data, bodies, budgets and measures, several seeds.

`python benchmarks/ablation.py --dataset mnist --epochs 4 --seeds 3` trains every row of ROWS with train.py,
runs evaluate.py's tasks on each export, and prints one table, means with the spread over seeds in brackets.
A row that was measured already (in --output-dir) is not measured again.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
ROWS = {
    "vae": [],
    "beta-vae": [],
    "gm-vae": [],
    "ml-vae": [],
    "ml-vae, groups by label": ["--group-by"],
    "nested-vae, groups by label": ["--group-by"],
    "ug-vae": [],
}
# Of the task's metrics: what the group's code knows is that of q(beta)'s mean, or z's without beta.
COLUMNS = {
    "ELBO": ("likelihood", "elbo", "{:.1f}"),
    "IW bound": ("likelihood", "iw_5", "{:.1f}"),
    "squared error": ("reconstruction", "mean_squared_error", "{:.4f}"),
    "clustering": ("clustering", "component_matched_accuracy", "{:.2f}"),
    "groups": ("batch-classification", "{code}_rbf_test_accuracy_mean", "{:.3f}"),
    "groups + random": ("batch-classification", "{code}_rbf_test_accuracy_with_random_mean", "{:.3f}"),
    "composition R2": ("composition", "random_{code}_r2_mean", "{:.2f}"),
    "R2 of q(d)": ("composition", "random_component_probs_r2_mean", "{:.2f}"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", default="mnist")
    parser.add_argument("--epochs", type=int, default=12, help="of every model")
    parser.add_argument("--seeds", type=int, default=3, help="trainings of every model")
    parser.add_argument("--label", default="label", help="that labelled groups share")
    parser.add_argument("--attribute", help="that the tasks tell groups apart by (default: the label)")
    parser.add_argument("--groups", type=int, default=4, help="held-out groups for the bounds")
    parser.add_argument("--output-dir", default="ablation", help="of the runs")
    flags = parser.parse_args()
    found = {row: [measured(flags, row, seed) for seed in range(flags.seeds)] for row in ROWS}
    print(table(found))


def measured(flags: argparse.Namespace, row: str, seed: int) -> dict[str, float]:
    """One training, and every task's metrics as task/metric."""
    model = row.split(",")[0]
    name = f"{flags.dataset}-{row.replace(', groups ', '-').replace(' ', '-')}-{seed}"
    folder = Path(flags.output_dir) / name
    if not (folder / "1").exists():
        group_by = [*ROWS[row], flags.label] if ROWS[row] else []
        run("train.py", "--dataset", flags.dataset, "--model", model, "--epochs", flags.epochs, "--seed", seed,
            "--name", name, "--output-dir", flags.output_dir, "--overwrite", *group_by)  # fmt: skip
    return {
        f"{task}/{key.removeprefix('metric.')}": value
        for task in dict.fromkeys(task for task, _, _ in COLUMNS.values())
        for key, value in evaluated(flags, folder, task).items()
        if key.startswith("metric.")
    }


def evaluated(flags: argparse.Namespace, folder: Path, task: str) -> dict[str, float]:
    """The record of a task; of none that the model cannot do."""
    record = folder / "evaluations" / task / "metrics.json"
    if not record.exists():
        choice = (
            ["--attribute", flags.attribute]
            if flags.attribute and task in ("batch-classification", "composition")
            else []
        )
        groups = ["--groups", flags.groups] if task == "likelihood" else []
        run("evaluate.py", "--task", task, "--saved-model", folder, "--group-size", 128, *choice, *groups)
    return json.loads(record.read_text()) if record.exists() else {}


def run(script: str, *arguments: object) -> None:
    """A command of the product; the reader sees which, and what it says if a model cannot do a task."""
    command = [sys.executable, str(ROOT / script), *map(str, arguments)]
    print(" ".join(command[1:]), file=sys.stderr, flush=True)
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        print(done.stderr.strip().splitlines()[-1], file=sys.stderr, flush=True)
    if done.returncode not in (0, 2):
        done.check_returncode()


def table(found: dict[str, list[dict[str, float]]]) -> str:
    """Markdown: a row for each model, means over seeds with the spread in brackets."""
    lines = ["| model | " + " | ".join(COLUMNS) + " |", "|---" * (len(COLUMNS) + 1) + "|"]
    for row, runs in found.items():
        has_beta = "composition/random_beta_mean_r2_mean" in runs[0]
        cells = [cell(runs, *column, code="beta_mean" if has_beta else "z_mean") for column in COLUMNS.values()]
        lines.append(f"| {row} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def cell(runs: list[dict[str, float]], task: str, metric: str, form: str, code: str) -> str:
    """One metric over the seeds; empty where the model has none."""
    name = f"{task}/{metric.format(code=code)}"
    values = [run[name] for run in runs if name in run]
    return f"{form.format(np.mean(values))} ({form.format(np.std(values))})" if values else ""


if __name__ == "__main__":
    main()
