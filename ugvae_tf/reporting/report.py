"""All tasks of a model in one HTML file: `evaluate --task all` runs them, `ugvae report` takes stored results too."""

from typing import Any

from ugvae_tf.reporting import page_file
from ugvae_tf.reporting.readings import READINGS
from ugvae_tf.reporting.request import ReportRequest
from ugvae_tf.reporting.verdict import WORDS, headline
from ugvae_tf.tasks.context import Context
from ugvae_tf.tasks.record import flat_record
from ugvae_tf.tasks.request import EvaluationRequest
from ugvae_tf.tasks.results import NotRun, Outcome, stored
from ugvae_tf.tasks.run import TASKS, attempted, in_turn, of_task, printed

GIVEN = ("group_size_smallest", "group_size_largest")  # compared only if `group_size` is given


def evaluate_all(request: EvaluationRequest) -> str:
    """Run every task, write its files and report.html beside their folders, and return the tables.

    Raises:
        UserError: the model cannot be loaded, or its data set is unknown.
    """
    context = Context(request)
    outcomes = {task: attempted(context, request, task) for task in in_turn(TASKS)}
    sections = [f"=== {task}\n\n{_section(outcome)}" for task, outcome in outcomes.items()]
    return "\n\n".join([*sections, f"Report: {page_file.written(context.model, outcomes, request)}"])


def _section(outcome: Outcome) -> str:
    return f"Not run: {outcome.reason}" if isinstance(outcome, NotRun) else printed(outcome)


def run(request: ReportRequest) -> str:
    """Write the report; returns a line for each task and the path.

    Results in the folder of the evaluations are used if they are of the same version, images and settings; the other
    tasks are run.

    Raises:
        UserError: the model cannot be loaded, its data set is unknown, or the file cannot be written.
    """
    context = Context(request.evaluation)
    outcomes, lines = {}, []
    for task in in_turn(request.chosen):
        found = kept(context, request.evaluation, task)
        outcomes[task] = found or attempted(context, request.evaluation, task)
        lines.append(_line(task, outcomes[task], is_kept=found is not None))
    file = page_file.written(context.model, outcomes, request.evaluation, request.output)
    return "\n".join([*lines, "", f"Written to {file}  ({file.stat().st_size / 1e6:.1f} MB)"])


def kept(context: Context, request: EvaluationRequest, task: str) -> Outcome | None:
    """The stored result of a task, if it is one of this model on these images with the settings that are given."""
    context.request = of_task(request, task)
    found = stored(context.request.results(context.model.name))
    return found if found is not None and _is_of(found.record, context) else None


def _is_of(record: dict[str, Any], context: Context) -> bool:
    """Whether a record is of the present version, images and seed, and of the settings that the request has."""
    request, expected = context.request, flat_record(context, {})
    free = {name for name in request.settings if getattr(request, name) is None}
    free |= set(GIVEN) if request.group_size is None else set()
    free |= {"saved_model"}  # the address: by name or by folder
    return all(record.get(name) == value for name, value in expected.items() if name not in free)


def _line(task: str, outcome: Outcome, is_kept: bool) -> str:
    if isinstance(outcome, NotRun):
        return f"{task:22}not run: {outcome.reason}"
    verdict = WORDS[headline(READINGS[task].verdicts(outcome))]
    return f"{task:22}{verdict}  ({'stored result' if is_kept else f'{outcome.seconds:.0f} s'})"
