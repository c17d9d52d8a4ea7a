"""Run a task on a served model, and write its metrics and figures."""

import json
import math
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ugvae_tf.errors import UserError
from ugvae_tf.files import replace_text
from ugvae_tf.tasks import (
    anatomy,
    batch_classification,
    clustering,
    completion,
    composition,
    embedding,
    generate,
    interpolation,
    likelihood,
    prediction,
    reconstruction,
    retrieval,
    swap,
    traversal,
    unlabelled,
)
from ugvae_tf.tasks.context import Context, Report
from ugvae_tf.tasks.request import ALL, CHOICES, SETTINGS, EvaluationRequest

TASKS: dict[str, Callable[[Context], Report]] = {
    "batch-classification": batch_classification.report,
    "composition": composition.report,
    "traversal": traversal.report,
    "interpolation": interpolation.report,
    "embedding": embedding.report,
    "reconstruction": reconstruction.report,
    "likelihood": likelihood.report,
    "anatomy": anatomy.report,
    "clustering": clustering.report,
    "generate": generate.report,
    "completion": completion.report,
    "swap": swap.report,
    "prediction": prediction.report,
    "retrieval": retrieval.report,
}

MOST_NAMES = 3  # names of figures in the last line


def evaluate(request: EvaluationRequest) -> str:
    """Run the task, or all tasks, write metrics.json and the figures of each, and return the tables.

    Raises:
        UserError: the model, the data or the settings do not allow the task.
    """
    context = Context(request)
    if request.task != ALL:
        unlabelled.check_group_by(context)
        return _run(context)
    return "\n\n".join(_section(context, request, task) for task in tqdm(TASKS, desc="tasks", leave=False))


def _section(context: Context, request: EvaluationRequest, task: str) -> str:
    """The table of one task under its name, or the reason why the model or its data do not allow the task."""
    unused: dict[str, Any] = {name: None for name in CHOICES if name not in SETTINGS[task]}
    context.request = replace(request, task=task, **unused)
    context.notes.clear()
    try:
        return f"=== {task}\n\n{_run(context)}"
    except UserError as error:
        return f"=== {task}\n\nNot run: {error}"


def _run(context: Context) -> str:
    began, request = time.monotonic(), context.request
    folder = _writable_folder(request.results(context.model.name))
    found = TASKS[request.task](context)
    for old in folder.glob("*.png"):  # figures of an earlier run
        old.unlink()
    for name, figure in found.figures.items():
        figure.savefig(folder / f"{name}.png", dpi=120)
    record = flat_record(context, found.metrics)
    replace_text(folder / "metrics.json", json.dumps(_without_nan(record), indent=2, allow_nan=False) + "\n")
    names = [f"{name}.png" for name in found.figures]
    pictures = ", ".join(names[:MOST_NAMES]) + (f" and {len(names) - MOST_NAMES} more" if names[MOST_NAMES:] else "")
    table = "\n".join([found.table, *context.notes])
    return f"{table}\n\nWritten to {folder}: metrics.json, {pictures}  ({time.monotonic() - began:.0f} s)"


def _writable_folder(folder: Path) -> Path:
    """Create the folder before the work begins; raises UserError if it cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        raise UserError(
            f"Cannot write to {folder} ({error.strerror}): choose another folder with `output_dir`."
        ) from error


def flat_record(context: Context, metrics: dict[str, float]) -> dict[str, Any]:
    """The content of metrics.json, one level deep, the same keys for every run of a task on the same data.

    `task`, `dataset`, `saved_model`, `model_version`, `group_size_smallest`, `group_size_largest` and `seed`; the
    settings that the task uses, null for a default; every setting and the provenance of the model as
    `config.<part>.<name>`; every measure as `metric.<name>`.
    """
    request = context.request
    return {
        "task": request.task,
        "seed": request.seed,
        **{name: getattr(request, name) for name in request.settings},
        "dataset": context.dataset,
        "saved_model": context.model.address,
        "model_version": context.model.version,
        "group_size_smallest": context.smallest,
        "group_size_largest": context.largest,
        **_flat("config", context.model.config),
        **{f"metric.{name}": value for name, value in metrics.items()},
    }


def _without_nan(record: dict[str, Any]) -> dict[str, Any]:
    """The record with null for a measure that does not exist: JSON has neither NaN nor infinity."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in record.items()
    }


def _flat(prefix: str, value: Any) -> dict[str, Any]:
    if isinstance(value, list):
        value = dict(enumerate(value))
    if not isinstance(value, dict):
        return {prefix: value}
    return {key: leaf for name, inner in value.items() for key, leaf in _flat(f"{prefix}.{name}", inner).items()}
