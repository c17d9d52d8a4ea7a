"""The request of `ugvae report`, and its validation. Without TensorFlow."""

import difflib
from dataclasses import dataclass, field
from pathlib import Path

from ugvae_tf.errors import UserError
from ugvae_tf.tasks.request import ALL, SETTINGS, EvaluationRequest


@dataclass(frozen=True)
class ReportRequest:
    """A model, the tasks of its report, and the file."""

    evaluation: EvaluationRequest = field(default_factory=lambda: EvaluationRequest(ALL))
    tasks: str | None = None
    """Tasks of the report, such as composition,retrieval (default: every one that the model and its data allow)."""
    output: str | None = None
    """File of the report (default: report.html in evaluations/)."""

    def checked(self) -> "ReportRequest":
        """The request itself; raises UserError if it is invalid."""
        for task in self.chosen:
            if task not in SETTINGS:
                close = difflib.get_close_matches(task, SETTINGS, n=1)
                hint = f"did you mean {close[0]}?" if close else f"give some of {', '.join(SETTINGS)}."
                raise UserError(f"There is no task '{task}' for `tasks`: {hint}")
        if self.output is not None and Path(self.output).is_dir():
            raise UserError(f"`output={self.output}` is a folder: give a file, such as report.html.")
        self.evaluation.checked()
        return self

    @property
    def chosen(self) -> tuple[str, ...]:
        """The tasks, in the order of the report."""
        return tuple(SETTINGS) if self.tasks is None else tuple(dict.fromkeys(self.tasks.split(",")))
