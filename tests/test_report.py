"""`ugvae report`: one HTML file from stored results, which loads nothing and names what is missing."""

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from small_models import exported_with_data

from ugvae_tf.commands.report import parse_report
from ugvae_tf.errors import UserError
from ugvae_tf.files import replace_text
from ugvae_tf.reporting import report
from ugvae_tf.reporting.readings import READINGS
from ugvae_tf.reporting.request import ReportRequest
from ugvae_tf.reporting.training_record import training_of
from ugvae_tf.serving.saved_model import CONFIG
from ugvae_tf.tasks.context import Context
from ugvae_tf.tasks.request import ALL, SETTINGS, EvaluationRequest
from ugvae_tf.tasks.results import REPORT, stored
from ugvae_tf.tasks.run import TASKS, evaluate

VOID = {"meta", "link", "img", "br"}
TASK, LACKING = "reconstruction", "swap"


class Page(HTMLParser):
    """The tags of a page: unbalanced ones raise an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text, self.open, self.found, self.words = text, [], [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    def values(self, tag: str, attribute: str) -> list[str]:
        return [attributes[attribute] for name, attributes in self.found if name == tag and attribute in attributes]


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    """The folder of a small untrained model with the results of one task."""
    images = np.random.default_rng(0).integers(256, size=(90, 7, 5, 1), dtype=np.uint8)
    folder = Path(exported_with_data(tmp_path_factory.mktemp("report"), images))
    evaluate(EvaluationRequest(TASK, str(folder), groups=2))
    return folder


@pytest.fixture(scope="module")
def printed(model) -> str:
    return report.run(requested(model))


@pytest.fixture(scope="module")
def page(model, printed) -> Page:
    return Page((model / "evaluations" / "report.html").read_text())


def requested(model: Path, tasks: str = f"{TASK},{LACKING}", output: Path | None = None, **settings) -> ReportRequest:
    evaluation = EvaluationRequest(ALL, str(model), **settings)
    return ReportRequest(evaluation, tasks, None if output is None else str(output)).checked()


def test_every_task_has_its_sentences():
    assert list(READINGS) == list(TASKS) == list(SETTINGS)
    for reading in READINGS.values():
        assert reading.question.endswith("?") and reading.table.endswith(".") and reading.figures
        assert all(text.endswith(".") for text in reading.figures.values())


def test_a_stored_result_is_used_and_a_task_that_cannot_be_run_is_named(printed):
    used, lacking, _, written = printed.splitlines()
    assert re.fullmatch(rf"{TASK} +no floor  \(stored result\)", used)
    assert re.fullmatch(
        rf"{LACKING} +not run: This task needs groups by a label, and the images have none: .*", lacking
    )
    assert re.search(r"report\.html  \(0\.[01] MB\)$", written)


def test_the_page_holds_every_figure_and_the_table(model, page):
    [source] = page.values("img", "src")
    assert source.startswith("data:image/png;base64,") and page.values("img", "alt")[0]
    result = stored(model / "evaluations" / TASK)
    assert result.table in page.words and len(result.figures) == 1
    assert READINGS[TASK].table in page.words


def test_the_page_loads_nothing(page):
    assert not {"script", "iframe", "object", "embed"} & {tag for tag, _ in page.found}
    loaded = [value for tag in ("img", "link") for name in ("src", "href") for value in page.values(tag, name)]
    assert loaded and all(value.startswith("data:") for value in loaded)
    assert not re.search(r"url\(|@import|https?://", page.text)
    assert any("default-src 'none'" in content for content in page.values("meta", "content"))


def test_links_lead_to_sections_and_the_missing_task_has_its_reason(page):
    sections = page.values("section", "id")
    assert len(set(sections)) == len(sections) and {TASK, LACKING, "model-card", "training"} <= set(sections)
    assert {link.removeprefix("#") for link in page.values("a", "href")} <= set(sections)
    text = " ".join(page.words)
    assert "This task needs groups by a label, and the images have none" in text
    assert "Load only models that you trust" in text and "no curves of its training" in text


def test_text_of_the_model_is_no_markup(model, tmp_path):
    result = stored(model / "evaluations" / TASK)
    report_file = result.folder / REPORT
    before = report_file.read_text()
    try:
        replace_text(report_file, json.dumps({**json.loads(before), "table": "<script>alert(1)</script> & more"}))
        report.run(requested(model, TASK, tmp_path / "page.html"))
    finally:
        replace_text(report_file, before)
    found = Page((tmp_path / "page.html").read_text())
    assert "<script>alert(1)</script> & more" in found.words


@pytest.mark.parametrize(
    ("changed", "is_used"),
    [
        ({}, True),
        ({"groups": 2}, True),
        *(({name: other}, False) for name, other in [("groups", 3), ("seed", 1), ("group_size", "3")]),
        *(({name: other}, False) for name, other in [("image_size", 9), ("corrupt", "skip"), ("memory_limit", 1.0)]),
    ],
)
def test_a_result_of_other_settings_is_not_used(model, changed, is_used):
    request = requested(model, **changed).evaluation
    assert (report.kept(Context(request), request, TASK) is not None) == is_used


def test_a_result_of_another_version_or_of_other_images_is_not_used(model, tmp_path):
    """The same results beside a copy of the model as version 2, and for a copy of the images."""
    shutil.copytree(model / "1", tmp_path / "model" / "2")
    shutil.copytree(model / "evaluations", tmp_path / "model" / "evaluations")
    newer = EvaluationRequest(ALL, str(tmp_path / "model"))
    assert report.kept(Context(newer), newer, TASK) is None
    shutil.copy(model.parent / "data.npz", tmp_path / "other.npz")
    other = EvaluationRequest(ALL, str(model), data_dir=str(tmp_path / "other.npz"))
    assert report.kept(Context(other), other, TASK) is None


@pytest.mark.parametrize("damage", ["metrics.json", REPORT, "reconstruction.png"])
def test_a_result_without_one_of_its_files_is_none(model, tmp_path, damage):
    folder = tmp_path / "result"
    folder.mkdir()
    for file in (model / "evaluations" / TASK).iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    assert stored(folder) is not None
    (folder / damage).unlink()
    assert stored(folder) is None


def test_the_curves_are_those_of_the_run_that_trained_the_version(tmp_path):
    version = tmp_path / "mine" / "1"
    (version / CONFIG).parent.mkdir(parents=True)
    (version / CONFIG).write_text("{}")
    assert "no curves" in training_of(version).missing and "on a server" in training_of(None).missing
    (tmp_path / "mine" / "config.json").write_text('{"seed": 1}')
    history = tmp_path / "mine" / "history.csv"
    history.write_text("epoch,kl_z,loss,val_kl_z,val_loss\n0,6,3,7,4\n1,5,2,6,3.5\n")
    assert "of another run than version 1" in training_of(version).missing
    (tmp_path / "mine" / "config.json").write_text("{}")
    (tmp_path / "mine" / "figures").mkdir()
    (tmp_path / "mine" / "figures" / "training.png").touch()
    found = training_of(version)
    assert (found.missing, found.epochs, found.rows) == (
        "",
        2,
        (("loss", "2.000", "3.500"), ("KL of z", "5.000", "6.000")),
    )
    assert [file.name for file, _ in found.figures] == ["training.png"]
    history.write_text("epoch,loss\n0,x\n")
    assert "damaged" in training_of(version).missing
    history.write_text("")
    assert "initial weights" in training_of(version).missing


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "Give the folder of an exported model"),
        (["mnist", "--tasks", "retreival"], "There is no task 'retreival' for `tasks`: did you mean retrieval"),
        (["mnist", "--tasks", ""], "There is no task '' for `tasks`: give some of batch-classification"),
        (["mnist", "--output", "."], "is a folder: give a file"),
        (["mnist", "--groups", "0"], "`groups` must be at least 1"),
        (["mnist", "--store-metric"], "is not a flag of ugvae report"),
    ],
)
def test_an_impossible_report_is_told(arguments, told):
    with pytest.raises(UserError, match=told):
        parse_report(arguments)


def test_a_file_that_cannot_be_written_is_told(model, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="choose another place with `output`"):
        report.run(requested(model, TASK, tmp_path / "file" / "page.html"))


def test_the_arguments_are_the_request():
    request = parse_report(["glyphs", "--tasks", "swap,retrieval,swap", "--group-by", "font", "--output", "a.html"])
    assert request.chosen == ("swap", "retrieval") and request.output == "a.html"
    assert (request.evaluation.task, request.evaluation.saved_model, request.evaluation.group_by) == (
        ALL,
        "glyphs",
        "font",
    )
    assert parse_report(["mnist"]).chosen == tuple(SETTINGS)
