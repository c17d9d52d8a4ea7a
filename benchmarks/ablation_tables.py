"""Table and figure of the ablation, from the metrics of every row and seed."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from ugvae_tf.evaluation.floors import FLOORS
from ugvae_tf.plots.bars import Bar, bars

Runs = Sequence[Mapping[str, float]]  # of one row, one for each seed
UNTRAINED = "ug-vae, initial weights"
# Task, metric and format of each column; {code} is the mean of q(beta), or of z in a model without beta.
COMPOSITION = ("composition", "random_{code}_r2_mean", "{:.2f}")
COLUMNS = {
    "ELBO": ("likelihood", "elbo", "{:.1f}"),
    "IW bound, 25 samples": ("likelihood", "iw_25", "{:.1f}"),
    "squared error": ("reconstruction", "mean_squared_error", "{:.4f}"),
    "clustering": ("clustering", "component_matched_accuracy", "{:.2f}"),
    "groups": ("batch-classification", "{code}_rbf_test_accuracy_mean", "{:.3f}"),
    "groups + random": ("batch-classification", "{code}_rbf_test_accuracy_with_random_mean", "{:.3f}"),
    "composition R2": COMPOSITION,
    "R2 of q(d)": ("composition", "random_component_probs_r2_mean", "{:.2f}"),
}


def table(found: Mapping[str, Runs]) -> str:
    """Markdown: a row for each model, means over seeds with the spread in brackets."""
    lines = ["| model | " + " | ".join(COLUMNS) + " |", "|---" * (len(COLUMNS) + 1) + "|"]
    for row, runs in found.items():
        cells = [cell(runs, *column, code=code_of(runs)) for column in COLUMNS.values()]
        lines.append(f"| {row} | " + " | ".join(cells) + " |")
    for floor, meaning in FLOORS.items():  # the same for every row, which has the same groups
        cells = [
            cell(found["ug-vae"], *column, code=floor) if "{code}" in column[1] else "" for column in COLUMNS.values()
        ]
        lines.append(f"| floor: {meaning} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def code_of(runs: Runs) -> str:
    """The code of a group: the mean of q(beta), or of z in a model without beta."""
    return "beta_mean" if "composition/random_beta_mean_r2_mean" in runs[0] else "z_mean"


def values(runs: Runs, task: str, metric: str, code: str) -> list[float]:
    """One metric over the seeds; none where the model lacks it."""
    name = f"{task}/{metric.format(code=code)}"
    return [run[name] for run in runs if name in run]


def cell(runs: Runs, task: str, metric: str, form: str, code: str) -> str:
    """The mean of one metric, with the spread over the seeds; empty where the model lacks it."""
    of_seeds = values(runs, task, metric, code)
    if len(of_seeds) < 2:
        return form.format(of_seeds[0]) if of_seeds else ""
    return f"{form.format(np.mean(of_seeds))} ({form.format(np.std(of_seeds, ddof=1))})"


def figure(found: Mapping[str, Runs], dataset: str, epochs: int) -> Figure:
    """Composition R2 of every row and floor: the mean and the range over the seeds."""
    task, metric, _ = COMPOSITION
    rows = {
        row: bar(values(runs, task, metric, code_of(runs)), "floor" if row == UNTRAINED else "learned")
        for row, runs in found.items()
    }
    floors = {meaning: bar(values(found["ug-vae"], task, metric, floor), "floor") for floor, meaning in FLOORS.items()}
    return bars(
        rows | floors,
        f"{dataset}: the composition of random groups, predicted from their codes",
        f"{epochs} epochs, {len(found[UNTRAINED])} seeds of training: the mean, and in brackets the range.",
        "R2 of a ridge regression from the code to the histogram of the group's labels",
    )


def bar(of_seeds: list[float], kind: str) -> Bar:
    """The mean and the range of the seeds; no range of a floor that is the same for each."""
    low, high = min(of_seeds), max(of_seeds)
    return Bar(float(np.mean(of_seeds)), *((low, high) if low < high else (None, None)), kind)
