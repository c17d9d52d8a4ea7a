"""Run a task on a served model, draw what it found, and write it down."""

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ugvae_tf.commands.evaluate import EvaluationRequest
from ugvae_tf.errors import UserError
from ugvae_tf.reports import (
    batch_classification,
    clustering,
    composition,
    embedding,
    interpolation,
    likelihood,
    reconstruction,
    traversal,
)
from ugvae_tf.reports.subject import Report, Subject

TASKS: dict[str, Callable[[Subject], Report]] = {
    "batch-classification": batch_classification.report,
    "composition": composition.report,
    "traversal": traversal.report,
    "interpolation": interpolation.report,
    "embedding": embedding.report,
    "reconstruction": reconstruction.report,
    "likelihood": likelihood.report,
    "clustering": clustering.report,
}

# That a record repeats.
FLAGS = ("seed", "seeds", "groups", "categories", "attribute", "between", "dimension", "samples")
MOST_NAMES = 3  # of figures in the last line


def evaluate(request: EvaluationRequest) -> str:
    """Run the task, write metrics.json and the figures, and return the table.

    Raises:
        UserError: the model, the data or the flags do not allow the task.
    """
    began = time.monotonic()
    subject = Subject(request)
    folder = _writable_folder(request.results(subject.model.name))
    found = TASKS[request.task](subject)
    for old in folder.glob("*.png"):  # an earlier run may have drawn more
        old.unlink()
    for name, figure in found.figures.items():
        figure.savefig(folder / f"{name}.png", dpi=120)
    record = flat_record(subject, found.metrics)
    (folder / "metrics.json").write_text(json.dumps(record, indent=2) + "\n")
    names = [f"{name}.png" for name in found.figures]
    pictures = ", ".join(names[:MOST_NAMES]) + (f" and {len(names) - MOST_NAMES} more" if names[MOST_NAMES:] else "")
    table = "\n".join([found.table, *subject.notes])
    return f"{table}\n\nWritten to {folder}: metrics.json, {pictures}  ({time.monotonic() - began:.0f} s)"


def _writable_folder(folder: Path) -> Path:
    """Make the folder, before the work begins; raises UserError where nobody may write."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        raise UserError(
            f"Cannot write to {folder} ({error.strerror}): choose another folder with --output-dir."
        ) from error


def flat_record(subject: Subject, metrics: dict[str, float]) -> dict[str, Any]:
    """The content of metrics.json, one level deep, the same keys for every task.

    `task`, `dataset`, `saved_model`, `model_version`, `group_size_smallest` and `group_size_largest`; the
    flags `seed`, `seeds`, `groups`, `categories`, `attribute`, `between`, `dimension` and
    `samples`, null where the task's default was taken; every setting and provenance of the model as
    `config.<part>.<name>`; every figure as `metric.<name>`.
    """
    request = subject.request
    return {
        "task": request.task,
        **{flag: getattr(request, flag) for flag in FLAGS},
        "dataset": subject.dataset,
        "saved_model": subject.model.address,
        "model_version": subject.model.version,
        "group_size_smallest": subject.smallest,
        "group_size_largest": subject.largest,
        **_flat("config", subject.model.config),
        **{f"metric.{name}": value for name, value in metrics.items()},
    }


def _flat(prefix: str, value: Any) -> dict[str, Any]:
    if isinstance(value, list):
        value = dict(enumerate(value))
    if not isinstance(value, dict):
        return {prefix: value}
    return {key: leaf for name, inner in value.items() for key, leaf in _flat(f"{prefix}.{name}", inner).items()}
