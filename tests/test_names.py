"""Names of data sets and of models that ship: the tables are what is there, and names lead to them."""

from pathlib import Path

import pytest

from ugvae_tf.config.presets import PRESETS
from ugvae_tf.datasets import catalogue
from ugvae_tf.datasets.builders import BUILDERS
from ugvae_tf.datasets.sources import PREPARED
from ugvae_tf.serving import shipped
from ugvae_tf.serving.saved_model import is_version
from ugvae_tf.tasks.request import EvaluationRequest

ROOT = Path(__file__).parents[1]


def test_the_catalogue_names_what_ships_and_what_the_user_places():
    assert {folder.name for folder in PREPARED.iterdir() if folder.is_dir()} <= set(catalogue.SHIPPED)
    assert set(catalogue.PLACED) == set(BUILDERS)
    assert set(catalogue.SHIPPED) & set(PRESETS), "presets are named after data sets"


def test_every_model_that_ships_is_there():
    assert shipped.shipped_folder() == ROOT / "saved_models"
    assert "mnist" in shipped.shipped_versions()
    for name, version in shipped.shipped_versions().items():
        assert is_version(shipped.shipped_folder() / name / str(version))


def test_a_name_is_the_model_here_else_the_one_that_ships(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    newest = shipped.shipped_versions()["mnist"]
    assert shipped.located("mnist") == str(ROOT / "saved_models" / "mnist" / str(newest))
    assert shipped.located("nonsense") == "nonsense"
    assert shipped.located("saved_models/mnist") == "saved_models/mnist"
    assert shipped.located("http://localhost:8501/v1/models/mnist") == "http://localhost:8501/v1/models/mnist"
    (tmp_path / "saved_models" / "mnist" / "3").mkdir(parents=True)
    assert shipped.located("mnist") == "saved_models/mnist"
    (tmp_path / "mnist" / "7").mkdir(parents=True)
    assert shipped.located("mnist") == "saved_models/mnist", "folders of pictures of digits are no versions"
    (tmp_path / "mnist" / "7" / "saved_model.pb").touch()
    assert shipped.located("mnist") == "mnist", "a folder of that name in the current folder comes first"


def test_results_never_go_to_a_package_elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert EvaluationRequest("traversal").results("mnist") == Path("saved_models/mnist/evaluations/traversal")
    beside = EvaluationRequest("traversal", str(tmp_path / "mine")).results("mine")
    assert beside == tmp_path / "mine" / "evaluations" / "traversal"


def test_only_the_version_that_ships_is_one_that_ships(tmp_path):
    version = shipped.shipped_versions()["mnist"]
    assert shipped.is_shipped(ROOT / "saved_models" / "mnist", version)
    assert not shipped.is_shipped(ROOT / "saved_models" / "mnist", version + 1)
    assert not shipped.is_shipped(tmp_path / "mnist", version)


@pytest.mark.parametrize("setting", ["samples", "dimension", "seeds"])
def test_a_setting_that_the_task_does_not_use_is_refused(setting):
    with pytest.raises(ValueError, match=f"The task embedding does not use `{setting}`"):
        EvaluationRequest("embedding", **{setting: 3}).checked()
    assert setting in EvaluationRequest("all", **{setting: 3}).checked().settings
