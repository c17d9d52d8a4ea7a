"""The task `retrieval` on exported models: chance for random groups, its asset, its tables and figures."""

import json
from pathlib import Path

import numpy as np
import pytest
from small_models import IMAGE_SHAPE, new_model

from ugvae_tf.config import Config, DataConfig, to_json
from ugvae_tf.evaluation.retrieval import cosine_scores, query_measures, retrieval_metrics
from ugvae_tf.serving import export
from ugvae_tf.serving.served_model import ServedModel
from ugvae_tf.tasks.context import Context
from ugvae_tf.tasks.request import EvaluationRequest
from ugvae_tf.tasks.retrieval import report, summarised
from ugvae_tf.tasks.run import evaluate

pytestmark = pytest.mark.xdist_group("evaluate")


def test_the_cosine_is_that_of_the_angle_from_the_centre():
    random = np.random.default_rng(0)
    a, b, centre = random.normal(size=(3, 5, 4))
    expected = [
        [(x - centre[0]) @ (y - centre[0]) / np.linalg.norm(x - centre[0]) / np.linalg.norm(y - centre[0]) for y in b]
        for x in a
    ]
    np.testing.assert_allclose(cosine_scores(a, b, centre[0]), expected)
    assert (cosine_scores(centre[:1], b, centre[0]) == 0).all()


def test_measures_of_queries_average_to_those_of_all():
    scores = np.random.default_rng(0).integers(4, size=(9, 9)).astype(float)
    found, means = query_measures(scores), retrieval_metrics(scores)
    assert found["reciprocal_rank"].mean() == pytest.approx(means["mean_reciprocal_rank"])
    assert found["recall_at_5"].mean() == pytest.approx(means["recall_at_5"])


def test_none_and_all_have_the_exact_interval_of_a_share():
    found = summarised("any_1", {"none": np.zeros(31), "all": np.ones(31)}, np.random.default_rng(0))
    assert found["any_1_none_high"] == pytest.approx(1 - 0.025 ** (1 / 31))
    assert found["any_1_all_low"] == pytest.approx(0.025 ** (1 / 31))


@pytest.fixture
def model_of(tmp_path):
    """A function that exports a model of an .npz file with the given labels."""

    def made(images: np.ndarray, **labels: np.ndarray) -> str:
        np.savez(tmp_path / "data.npz", image=images, **labels)
        model = new_model(image_shape=images.shape[1:])
        data = DataConfig("npz", str(tmp_path / "data.npz"), group_size=4)
        text = to_json(Config(data=data, model=model.config), image_shape=list(images.shape[1:]))
        (tmp_path / "model").mkdir()
        export.export_version(model, tmp_path / "model" / "1", text)
        return str(tmp_path / "model")

    return made


@pytest.mark.slow
def test_brightness_finds_groups_and_the_metric_becomes_an_asset(model_of):
    random = np.random.default_rng(0)
    owners = np.repeat(np.arange(40), 30)
    bright = random.integers(10, 200, size=40)[owners]
    images = (bright[:, None, None, None] + random.integers(50, size=(1200, *IMAGE_SHAPE[:2], 1))).astype(np.uint8)
    address = model_of(images, owner=owners, view=np.tile(np.arange(30), 40))
    assert ServedModel(address).metric is None
    text = evaluate(EvaluationRequest("retrieval", address, group_by="owner", seeds=2).checked())
    assert "other values of view for each group" in text
    record = json.loads((Path(address) / "evaluations" / "retrieval" / "metrics.json").read_text())
    assert record["metric.own_1_mean_image_plda_recall_at_1"] > 5 * record["metric.own_1_chance"]
    metric = ServedModel(address).metric
    assert metric is not None
    assert metric.mean.shape == (4,)
    assert "ugvae similar" in text


@pytest.mark.slow
def test_random_groups_are_found_as_often_as_chance(model_of):
    images = np.random.default_rng(0).integers(256, size=(1200, *IMAGE_SHAPE[:2], 1), dtype=np.uint8)
    request = EvaluationRequest("retrieval", model_of(images), seeds=3).checked()
    context = Context(request)
    found = report(context)
    assert "random groups, in which chance is the true answer" in found.table
    assert ServedModel(request.address).metric is None
    for code in ("beta_mean_cosine", "mean_image_plda"):
        low, high = (found.metrics[f"any_1_{code}_recall_at_1_{end}"] for end in ("low", "high"))
        assert low - 0.1 <= found.metrics["any_1_chance"] <= high + 0.1
    assert set(found.figures) == {"recall", "nearest"}
