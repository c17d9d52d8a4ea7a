"""Comparison of the models of paper figure 1 with equal data, bodies, budgets and measures, over several seeds.

`python benchmarks/ablation.py --dataset mnist --epochs 4 --seeds 3` trains every row of ROWS with train.py,
runs evaluate.py's tasks on each export, and prints one table of means, with the spread over seeds in brackets;
a figure beside it has the composition R2, which tells the models apart.
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

from ablation_tables import COLUMNS, UNTRAINED, figure, table

from ugvae_tf.errors import LacksPart
from ugvae_tf.tasks.context import Context
from ugvae_tf.tasks.request import EvaluationRequest
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
    UNTRAINED: ["--epochs", 0],
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
    figure(found, flags.dataset, flags.epochs).savefig(written.with_suffix(".png"), dpi=110)
    print(f"{table(found)}\n\nWritten to {written} and {written.with_suffix('.png')}")


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
    found: dict[str, float] = {}
    for task in dict.fromkeys(task for task, _, _ in COLUMNS.values()):
        context.request = replace(context.request, task=task, groups=flags.groups if task == "likelihood" else None)
        try:
            metrics = TASKS[task](context).metrics
        except LacksPart as lacking:
            print(lacking, file=sys.stderr, flush=True)
            metrics = {}
        found |= {f"{task}/{name}": value for name, value in metrics.items()}
    return found


if __name__ == "__main__":
    main()
