"""The results of a task as files: metrics.json, report.json and figures. Without TensorFlow."""

import json
from pathlib import Path
from typing import Any, NamedTuple

METRICS, REPORT = "metrics.json", "report.json"
METRIC = "metric."  # before the name of a measure in metrics.json


class Result(NamedTuple):
    """What a task wrote to its folder."""

    folder: Path
    record: dict[str, Any]  # the content of metrics.json
    table: str
    figures: list[str]  # file names, in the order of the task
    seconds: float

    @property
    def metrics(self) -> dict[str, float]:
        """The measures by name; NaN for one that does not exist."""
        found = {name: value for name, value in self.record.items() if name.startswith(METRIC)}
        return {name.removeprefix(METRIC): float("nan") if value is None else value for name, value in found.items()}


class NotRun(NamedTuple):
    """Why a task was not run: the model, the data or the settings do not allow it."""

    reason: str


Outcome = Result | NotRun


def stored(folder: Path) -> Result | None:
    """The result in a task's folder, or None where a file is missing, damaged or of an older version."""
    try:
        record, rest = (json.loads((folder / name).read_text(encoding="utf-8")) for name in (METRICS, REPORT))
        found = Result(folder, record, str(rest["table"]), [*map(str, rest["figures"])], float(rest["seconds"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if isinstance(record, dict) and all((folder / name).is_file() for name in found.figures) else None
