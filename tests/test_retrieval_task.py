"""The task `retrieval` on exported models: chance for random groups, its asset, its tables and figures."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from small_models import IMAGE_SHAPE, exported_with_data

from ugvae_tf.errors import UserError
from ugvae_tf.evaluation import disjoint
from ugvae_tf.evaluation.floors import Floors
from ugvae_tf.evaluation.retrieval import cosine_scores, query_measures, retrieval_metrics
from ugvae_tf.serving import checksums
from ugvae_tf.serving.codes import ImageCodes
from ugvae_tf.serving.served_model import ServedModel
from ugvae_tf.tasks.context import Context
from ugvae_tf.tasks.request import EvaluationRequest
from ugvae_tf.tasks.retrieval import report, summarised
from ugvae_tf.tasks.retrieval_groups import Side
from ugvae_tf.tasks.retrieval_scores import MOST_DIMENSIONS, fitted, measured
from ugvae_tf.tasks.run import evaluate


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


def side_of(values: np.ndarray, noise: float, contents: np.ndarray | None = None, width: int = 1) -> Side:
    """Groups whose experts are y + noise, y ~ N(0, 1) of the group, all of the same precision."""
    random = np.random.default_rng(0)
    style = random.normal(size=(values.max() + 1, 1))
    mean = style[values] + noise * random.normal(size=(len(values), 1))
    codes = ImageCodes(np.ones_like(mean), mean, mean, np.ones_like(mean), np.zeros(1), np.zeros(1))
    images = random.integers(256, size=(len(values), width, 1, 1), dtype=np.uint8)
    return Side(images, values, contents, codes, "owner", "view", True, Floors.fit(images, random).on(images))


@pytest.mark.parametrize("images", [10, 13])
def test_the_metric_of_groups_with_few_images_has_the_true_ratio_of_variances(images):
    """The mean of 5 images has noise of variance 1: sets that share images would have less."""
    side = side_of(np.repeat(np.arange(600), images), noise=5**0.5)
    plda, centre = fitted(side, 5, np.random.default_rng(1))
    np.testing.assert_allclose(plda["beta_mean"].between, 1, atol=0.25)
    assert centre["beta_mean"] == pytest.approx(0, abs=0.2)


def test_sets_of_a_division_share_no_image():
    values = np.repeat(np.arange(4), [5, 6, 9, 40])
    members, divisions = disjoint.sets(values, 3, 6, np.random.default_rng(0))
    assert divisions.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 5, 5, 5]
    for number, value in enumerate([1, 1, 1, 2, 2, 3]):
        division = members[divisions == number]
        assert len(np.unique(division)) == division.size and (values[division] == value).all()
    assert disjoint.sets(values[:5], 3, 6, np.random.default_rng(0))[0].shape == (0, 3)


def test_codes_of_whole_photographs_have_no_plda():
    side = side_of(np.repeat(np.arange(5), 4), noise=1, width=MOST_DIMENSIONS + 1)
    plda, centre = fitted(side, 2, np.random.default_rng(0))
    assert "mean_image" not in plda and "mean_image" in centre and "pca" in plda


def test_chance_is_the_average_over_draws_with_different_numbers_of_groups():
    """Four of 24 groups have view 4: in two draws of five, which need it, they are alone."""
    views = np.concatenate([np.arange(4 if owner < 20 else 5) for owner in range(24)])
    owners = np.repeat(np.arange(24), [4] * 20 + [5] * 4)
    side = side_of(owners, noise=1, contents=views)
    found = measured(side, "same", 1, {}, {}, 50, np.random.default_rng(0))
    assert found is not None
    of_frequent, of_rare = 1 / 24, 0.6 / 24 + 0.4 / 4
    assert found.chance == pytest.approx((20 * of_frequent + 4 * of_rare) / 24, rel=0.1)


@pytest.fixture
def model_of(tmp_path):
    """A function that exports a model of an .npz file with the given labels."""
    return partial(exported_with_data, tmp_path)


@pytest.mark.slow
def test_brightness_finds_groups_and_the_metric_becomes_an_asset(model_of):
    random = np.random.default_rng(0)
    owners = np.repeat(np.arange(40), 30)
    bright = random.integers(10, 200, size=40)[owners]
    images = (bright[:, None, None, None] + random.integers(50, size=(1200, *IMAGE_SHAPE[:2], 1))).astype(np.uint8)
    address = model_of(images, owner=owners, view=np.tile(np.arange(30), 40))
    request = EvaluationRequest("retrieval", address, group_by="owner", seeds=1).checked()
    assert "ugvae similar" not in evaluate(request)
    assert ServedModel(address).metric is None, "without `store_metric` an evaluation changes nothing"
    by_attribute = Context(replace(request, group_by=None, attribute="owner"))
    side = Side.of(by_attribute, "held-out", Floors.fit(by_attribute.train.images, random))
    assert (side.label, side.content) == ("owner", "view"), "groups are not their own contents"
    text = evaluate(replace(request, seeds=2, store_metric=True))
    assert "other values of view for each group" in text
    record = json.loads((Path(address) / "evaluations" / "retrieval" / "metrics.json").read_text())
    assert record["metric.own_1_mean_image_plda_recall_at_1"] > 5 * record["metric.own_1_chance"]
    metric = ServedModel(address).metric
    assert metric is not None
    assert metric.plda.mean.shape == (4,)
    assert (metric.images, metric.label, metric.dataset) == (1, "owner", "npz")
    checksums.check(Path(address) / "1")
    assert "ugvae similar" in text


@pytest.mark.slow
def test_random_groups_are_found_as_often_as_chance(model_of):
    images = np.random.default_rng(0).integers(256, size=(6000, *IMAGE_SHAPE[:2], 1), dtype=np.uint8)
    request = EvaluationRequest("retrieval", model_of(images), seeds=3).checked()
    context = Context(request)
    found, groups = report(context), len(context.held_out) // 4
    assert "random groups, in which chance is the true answer" in found.table
    with pytest.raises(UserError, match="`store_metric` needs groups that exist"):
        report(Context(replace(request, store_metric=True)))
    assert found.metrics["any_1_chance"] == pytest.approx(1 / groups) and groups == 150
    expected = sum(1 / rank for rank in range(1, groups + 1)) / groups
    for code in ("beta_mean_cosine", "mean_image_plda"):  # 4 standard deviations of 450 queries
        assert found.metrics[f"any_1_{code}_reciprocal_rank"] == pytest.approx(expected, abs=0.02)
        assert found.metrics[f"any_1_{code}_recall_at_1"] <= 4 / groups
    assert set(found.figures) == {"recall-any", "nearest"}
