"""scripts/re_export.py: the same answers from a new version, and no moment in which the old one is lost."""

import importlib.util
import shutil
from pathlib import Path

import numpy as np
import pytest
from small_models import IMAGE_SHAPE, OfOlderVersion, random_images, small_model

from ugvae_tf.codes.plda import Plda
from ugvae_tf.config import Config, to_json
from ugvae_tf.serving import export
from ugvae_tf.serving.component_names import ComponentNames, write_names
from ugvae_tf.serving.metric import LearnedMetric, write_metric
from ugvae_tf.serving.served_model import ServedModel

NAMES = ComponentNames("letter", ["a", "b", None, "c", "a", "b"], [0.5] * 6, {"a": 4, "b": 1, "c": 3})
METRIC = LearnedMetric(Plda(np.zeros(4), np.arange(8.0).reshape(4, 2), np.ones(2)), 31, "font", "npz", "0")


def script():
    """The script as a module: it is in no package."""
    path = Path(__file__).parents[1] / "scripts" / "re_export.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.parametrize(("age", "number"), [("today's", "1"), ("older", "2")])
def test_a_version_written_anew_answers_the_same_and_nothing_else_is_left(tmp_path, age, number):
    """In its own place, or beside it."""
    model, version = small_model(seed=3), tmp_path / "1"
    model = OfOlderVersion(model) if age == "older" else model
    export.export_version(model, version, to_json(Config(model=model.config), image_shape=IMAGE_SHAPE))
    images = random_images(2, 3)
    write_names(version, NAMES)
    write_metric(version, METRIC)
    before = vars(ServedModel(version.parent).encode(images))
    script().re_export(version, version.with_name(number))
    assert sorted(path.name for path in version.parent.iterdir()) == sorted({"1", number})
    for key, value in vars(ServedModel(version.parent).encode(images)).items():
        np.testing.assert_allclose(value, before[key], rtol=1e-5, atol=1e-6, err_msg=key)
    again = ServedModel(version.parent)
    assert "global_prior" in again.signatures and again.component_names == NAMES
    assert again.metric.images == 31 and np.array_equal(again.metric.plda.directions, METRIC.plda.directions)


def folder(path: Path, content: str) -> Path:
    path.mkdir()
    (path / "content").write_text(content)
    return path


def test_nothing_is_deleted_while_the_new_version_is_not_in_its_place(tmp_path, monkeypatch):
    old, fresh, seen = folder(tmp_path / "1", "old"), folder(tmp_path / "fresh", "new"), []
    folder(tmp_path / ".1.replaced", "older")  # of a run that was killed
    remove = shutil.rmtree

    def rmtree(path, **options):
        seen.append((old / "content").read_text())
        remove(path, **options)

    monkeypatch.setattr(shutil, "rmtree", rmtree)
    script().put(fresh, old)
    assert seen == ["old", "new"] and [path.name for path in tmp_path.iterdir()] == ["1"]


def test_a_replacement_that_fails_keeps_the_old_version_aside(tmp_path):
    old = folder(tmp_path / "1", "old")
    with pytest.raises(FileNotFoundError):
        script().put(tmp_path / "missing", old)
    assert (tmp_path / ".1.replaced" / "content").read_text() == "old"
