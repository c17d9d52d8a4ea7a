"""Markdown tables of the results that benchmarks/results.py stores.

A cell has the fields of its table, its column and its row; of equal names the row's counts. `item` is the name of a
stored result, `metric` that of a measure in it, both with other fields in braces, and `form` the format of a number.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

Fields = dict[str, str]
Records = dict[str, dict[str, Any]]


class Table(NamedTuple):
    title: str
    fields: Fields
    rows: dict[str, Fields]
    columns: dict[str, Fields]


def rendered(tables: Iterable[Table], records: Records) -> str:
    """Every table that has a result, after the versions of the models."""
    models = {(each["metrics"]["saved_model"], each["model_version"]) for each in records.values()}
    versions = ", ".join(f"`{model}` version {version}" for model, version in sorted(models))
    found = [text for each in tables if (text := markdown(each, records))]
    return "\n\n".join([f"Models: {versions}. In brackets: 95 % intervals.", *found])


def markdown(table: Table, records: Records) -> str:
    """The table without rows and columns that have no result; empty if none has."""
    cells = {
        (row, column): cell(table.fields | table.columns[column] | table.rows[row], records)
        for row in table.rows
        for column in table.columns
    }
    columns = [each for each in table.columns if any(cells[row, each] for row in table.rows)]
    rows = [each for each in table.rows if any(cells[each, column] for column in columns)]
    if not rows:
        return ""
    lines = [f"**{table.title}**", "", f"| | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    lines += [f"| {row} | {' | '.join(cells[row, column] for column in columns)} |" for row in rows]
    return "\n".join(lines)


def cell(fields: Fields, records: Records) -> str:
    """The measure with its interval or standard error; empty if there is none."""
    fields = {"form": "{:.3f}"} | fields
    metrics = records.get(fields["item"].format(**fields), {}).get("metrics", {})
    name, form = "metric." + fields["metric"].format(**fields), fields["form"].format
    if (value := metrics.get(name, metrics.get(f"{name}_mean"))) is None:
        return ""
    low, high, error = (metrics.get(f"{name}_{end}") for end in ("low", "high", "standard_error"))
    spread = f" ± {form(error)}" if error is not None else ""
    return form(value) + (f" ({form(low)} to {form(high)})" if low is not None and high is not None else spread)
