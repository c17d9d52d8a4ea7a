"""Run a task on a served model, and write its metrics and figures."""

import json
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ugvae_tf.errors import UserError
from ugvae_tf.files import replace_text
from ugvae_tf.plots.page import write
from ugvae_tf.progress import phase
from ugvae_tf.tasks import unlabelled
from ugvae_tf.tasks.context import Context, Report
from ugvae_tf.tasks.record import flat_record, without_nan
from ugvae_tf.tasks.request import CHOICES, SETTINGS, EvaluationRequest
from ugvae_tf.tasks.results import METRICS, REPORT, NotRun, Outcome, Result


def _task(name: str) -> Callable[[Context], Report]:
    """The function `report` of the module of a task, imported when it is called: some need scikit-learn."""

    def report(context: Context) -> Report:
        return import_module(f"ugvae_tf.tasks.{name.replace('-', '_')}").report(context)

    return report


TASKS: dict[str, Callable[[Context], Report]] = {name: _task(name) for name in SETTINGS}
MOST_NAMES = 3  # names of figures in the last line


def evaluate(request: EvaluationRequest) -> str:
    """Run one task, write its metrics.json and figures, and return its table.

    Raises:
        UserError: the model, the data or the settings do not allow the task.
    """
    context = Context(request)
    unlabelled.check_group_by(context)
    return printed(run_task(context))


def in_turn(tasks: Iterable[str]) -> Iterator[str]:
    """The tasks, with a bar that names the present one."""
    bar = tqdm(tasks, desc="tasks", leave=False)
    for task in bar:
        bar.set_postfix_str(task)
        yield task


def attempted(context: Context, request: EvaluationRequest, task: str) -> Outcome:
    """The result of one of several tasks, or the reason why the model or its data do not allow it."""
    context.request = of_task(request, task)
    context.notes.clear()
    try:
        return run_task(context)
    except UserError as error:
        return NotRun(str(error))


def of_task(request: EvaluationRequest, task: str) -> EvaluationRequest:
    """The request of all tasks for one of them: without the settings that it does not use."""
    unused: dict[str, Any] = {name: None for name in CHOICES if name not in SETTINGS[task]}
    return replace(request, task=task, **unused)


def run_task(context: Context) -> Result:
    """Run the task of the context's request and write its files."""
    began, request = time.monotonic(), context.request
    folder = _writable_folder(request.results(context.model.name))
    found = (TASKS[request.task] if request.codes is None else _task("coded"))(context)
    (folder / REPORT).unlink(missing_ok=True)  # while it is missing, the folder holds no whole result
    for old in folder.glob("*.png"):  # figures of an earlier run
        old.unlink()
    with phase(f"Drawing {len(found.figures)} figures"):
        for name, figure in found.figures.items():
            write(figure, folder / f"{name}.png")
    record = without_nan(flat_record(context, found.metrics))
    table, names = "\n".join([found.table, *context.notes]), [f"{name}.png" for name in found.figures]
    result = Result(folder, record, table, names, time.monotonic() - began)
    rest = {"seconds": round(result.seconds, 1), "figures": names, "table": table}
    for name, content in ((METRICS, record), (REPORT, rest)):
        replace_text(folder / name, json.dumps(content, indent=2, allow_nan=False) + "\n")
    return result


def printed(result: Result) -> str:
    """The text for the terminal."""
    names = result.figures
    pictures = ", ".join(names[:MOST_NAMES]) + (f" and {len(names) - MOST_NAMES} more" if names[MOST_NAMES:] else "")
    return f"{result.table}\n\nWritten to {result.folder}: {METRICS}, {pictures}  ({result.seconds:.0f} s)"


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
