"""Comparison of the models of paper figure 1 with equal data, bodies, budgets and measures, over several seeds.

`python benchmarks/ablation.py --dataset mnist --epochs 4 --seeds 3` trains every row of ROWS with train.py,
runs evaluate.py's tasks on each export, and prints one table of means, with the spread over seeds in brackets.
A row that is already measured in --output-dir is not measured again. Models that were trained on groups by a
label are evaluated on the same groups as the others. The bound of nested-vae is that of the exported model, with
z from its nested decoder, not its training objective. All bounds have as many importance samples of z. The last
rows are floors: the initial weights, and features that were not learned, for the same groups, SVM and regression.
"""

import argparse
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from ugvae_tf.commands.evaluate import EvaluationRequest
from ugvae_tf.errors import LacksPart
from ugvae_tf.evaluation.floors import FLOORS
from ugvae_tf.tasks.context import Context
from ugvae_tf.tasks.run import TASKS

ROOT = Path(__file__).parents[1]
LABEL = "{label}"  # the value of --label
ROWS = {  # name of each row, which begins with the model's: flags
    "vae": [],
    "beta-vae": [],
    "gm-vae": [],
    "ml-vae": [],
    "ml-vae, groups by label": ["--group-by", LABEL],
    "nested-vae, groups by label": ["--group-by", LABEL],
    "ug-vae": [],
    "ug-vae, initial weights": ["--epochs", 0],
}
# Task, metric and format of each column; {code} is the mean of q(beta), or of z in a model without beta.
COLUMNS = {
    "ELBO": ("likelihood", "elbo", "{:.1f}"),
    "IW bound, 25 samples": ("likelihood", "iw_25", "{:.1f}"),
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
    parser.add_argument("--label", default="label", help="by which groups are formed in the rows by label")
    parser.add_argument("--attribute", help="of the tasks: the label that defines the categories (default: the label)")
    parser.add_argument("--groups", type=int, default=4, help="held-out groups for the bounds")
    parser.add_argument("--output-dir", default="ablation", help="of the runs")
    flags = parser.parse_args()
    found = {row: [measured(flags, row, seed) for seed in range(flags.seeds)] for row in ROWS}
    written = Path(flags.output_dir) / f"{flags.dataset}.md"
    written.write_text(table(found) + "\n")
    print(f"{table(found)}\n\nWritten to {written}")


def measured(flags: argparse.Namespace, row: str, seed: int) -> dict[str, float]:
    """Metrics of one training by task/metric; they are stored in the model's folder."""
    slug = row.replace("groups by label", f"by-{flags.label}").replace(", ", "-").replace(" ", "-")
    name = f"{flags.dataset}-{slug}-{flags.epochs}-epochs-{seed}"
    folder = Path(flags.output_dir) / name
    record = folder / f"ablation-{flags.attribute or 'label'}-{flags.groups}-groups.json"
    if not record.exists():
        if not (folder / "1").exists():
            train(flags, row, seed, name)
        record.write_text(json.dumps(evaluated(flags, folder), indent=2))
    return json.loads(record.read_text())


def train(flags: argparse.Namespace, row: str, seed: int, name: str) -> None:
    """Run train.py in a separate process."""
    own = [flags.label if flag == LABEL else flag for flag in ROWS[row]]
    command = ["--dataset", flags.dataset, "--model", row.split(",")[0], "--epochs", flags.epochs, "--seed", seed,
               "--name", name, "--output-dir", flags.output_dir, "--overwrite", *own]  # fmt: skip
    print("train.py", *command, file=sys.stderr, flush=True)
    subprocess.run([sys.executable, str(ROOT / "train.py"), *map(str, command)], check=True, stdout=subprocess.DEVNULL)


def evaluated(flags: argparse.Namespace, folder: Path) -> dict[str, float]:
    """The metrics of the tasks in COLUMNS that the model allows; its codes are computed once."""
    attribute = {"attribute": flags.attribute} if flags.attribute else {}
    context = Context(EvaluationRequest("likelihood", str(folder), group_size="128", **attribute))
    found = {}
    for task in dict.fromkeys(task for task, _, _ in COLUMNS.values()):
        context.request = replace(context.request, task=task, groups=flags.groups if task == "likelihood" else None)
        try:
            metrics = TASKS[task](context).metrics
        except LacksPart as lacking:
            print(lacking, file=sys.stderr, flush=True)
            metrics = {}
        found |= {f"{task}/{name}": value for name, value in metrics.items()}
    return found


def table(found: dict[str, list[dict[str, float]]]) -> str:
    """Markdown: a row for each model, means over seeds with the spread in brackets."""
    lines = ["| model | " + " | ".join(COLUMNS) + " |", "|---" * (len(COLUMNS) + 1) + "|"]
    for row, runs in found.items():
        has_beta = "composition/random_beta_mean_r2_mean" in runs[0]
        cells = [cell(runs, *column, code="beta_mean" if has_beta else "z_mean") for column in COLUMNS.values()]
        lines.append(f"| {row} | " + " | ".join(cells) + " |")
    for floor, meaning in FLOORS.items():  # the same for every row, which has the same groups
        cells = [
            cell(found["ug-vae"], *column, code=floor) if "{code}" in column[1] else "" for column in COLUMNS.values()
        ]
        lines.append(f"| floor: {meaning} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def cell(runs: list[dict[str, float]], task: str, metric: str, form: str, code: str) -> str:
    """One metric over the seeds; empty where the model has none."""
    name = f"{task}/{metric.format(code=code)}"
    values = [run[name] for run in runs if name in run]
    if len(values) < 2:
        return form.format(values[0]) if values else ""
    return f"{form.format(np.mean(values))} ({form.format(np.std(values, ddof=1))})"


if __name__ == "__main__":
    main()
