"""benchmarks/results.py: which items are done, and the tables of stored results."""

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

import results
from results_markdown import Table, cell, markdown
from results_tables import TABLES

from ugvae_tf.commands.evaluate import parse_evaluation

RECORDS = {
    "a-one": {"metrics": {"metric.x_mean": 0.5, "metric.x_low": 0.25, "metric.x_high": 0.75, "metric.chance": 0.1}},
    "b-one": {"metrics": {"metric.x": 2.0, "metric.x_standard_error": 0.5, "metric.y_mean": None}},
}


@pytest.mark.parametrize("name", results.items())
def test_the_command_of_every_item_is_one_that_evaluate_takes(name):
    model, flags = results.items()[name]
    assert parse_evaluation(results.command(model, flags).split()[2:]).saved_model == f"saved_models/{model}"


def test_every_cell_of_every_table_is_of_an_item():
    for table in TABLES:
        for row in table.rows.values():
            for column in table.columns.values():
                fields = table.fields | column | row
                assert fields["item"].format(**fields) in results.items() or "composition" in fields["item"]
                assert fields["metric"].format(**fields)


def test_a_cell_has_the_interval_or_the_standard_error():
    assert cell({"item": "{m}-one", "m": "a", "metric": "x"}, RECORDS) == "0.500 (0.250 to 0.750)"
    assert cell({"item": "b-one", "metric": "x", "form": "{:.1f}"}, RECORDS) == "2.0 ± 0.5"
    assert cell({"item": "b-one", "metric": "y"}, RECORDS) == cell({"item": "c-one", "metric": "x"}, RECORDS) == ""


def test_a_table_has_no_row_or_column_without_a_result():
    rows = {"measure": {}, "chance": {"metric": "chance"}, "absent": {"metric": "z"}}
    columns = {each: {"item": f"{each}-one", "metric": "x"} for each in "abc"}
    expected = ["**T**", "", "| | a | b |", "|---|---|---|"]
    expected += ["| measure | 0.500 (0.250 to 0.750) | 2.000 ± 0.500 |", "| chance | 0.100 |  |"]
    assert markdown(Table("T", {}, rows, columns), RECORDS).splitlines() == expected
    assert markdown(Table("T", {}, {"absent": {"metric": "z"}}, columns), RECORDS) == ""


def test_an_item_is_done_for_the_newest_version_and_the_same_command(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "STORED", tmp_path / "results")
    monkeypatch.setattr(results, "ROOT", tmp_path)
    file = tmp_path / "saved_models" / "m" / "1" / "saved_model.pb"
    file.parent.mkdir(parents=True)
    file.touch()
    assert not results.is_done("m-x", "m", "--task swap")
    results.store("m-x", results.command("m", "--task swap"), {"model_version": 1, "metric.x": 0.5})
    assert results.is_done("m-x", "m", "--task swap") and not results.is_done("m-x", "m", "--task swap --seed 1")
    assert json.loads((tmp_path / "results" / "m-x.json").read_text())["metrics"]["metric.x"] == 0.5
    (tmp_path / "saved_models" / "m" / "2").mkdir()
    assert not results.is_done("m-x", "m", "--task swap")
    results.store("m-1-x", results.command("m/1", "--task swap"), {"model_version": 1})
    assert results.is_done("m-1-x", "m/1", "--task swap")
