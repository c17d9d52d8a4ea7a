"""The verdicts of the report, from measures: better than the floor or not, as their intervals say."""

from pathlib import Path

import pytest

from ugvae_tf.reporting import verdicts_of_codes as codes
from ugvae_tf.reporting import verdicts_of_images as images
from ugvae_tf.reporting.verdict import Interval, compared, difference, headline
from ugvae_tf.tasks.results import Result

OWN = Interval(0.5, 0.4, 0.6)


def result(metrics: dict[str, float], **record) -> Result:
    return Result(Path(), {**{f"metric.{name}": value for name, value in metrics.items()}, **record}, "", [], 0.0)


def interval(name: str, value: float, half: float = 0.01) -> dict[str, float]:
    return {name: value, f"{name}_low": value - half, f"{name}_high": value + half}


@pytest.mark.parametrize(
    ("floor", "lower_is_better", "kind"),
    [
        (Interval(0.2, 0.1, 0.3), False, "better"),
        (Interval(0.2, 0.1, 0.3), True, "worse"),
        (Interval(0.8, 0.7, 0.9), False, "worse"),
        (Interval(0.8, 0.7, 0.9), True, "better"),
        (Interval(0.3, 0.2, 0.4), False, "open"),  # the ends meet
        (Interval(0.3, 0.2, 0.45), True, "open"),
        (Interval.exact(0.45), False, "open"),
        (Interval.exact(0.39), False, "better"),
        (Interval(float("nan"), float("nan"), float("nan")), False, "open"),
    ],
)
def test_a_measure_is_better_only_where_the_intervals_are_apart(floor, lower_is_better, kind):
    found = compared("Recall", OWN, "chance", floor, lower_is_better)
    assert found.kind == kind and found.sentence.startswith("Recall: 0.500 (0.400 to 0.600). Floor, chance: ")


@pytest.mark.parametrize(
    ("own", "kind"),
    [
        ((0.1, 0.05, 0.2), "better"),
        ((0.1, 0.0, 0.2), "open"),
        ((0.0, -0.1, 0.1), "open"),
        ((-0.1, -0.2, -0.05), "worse"),
    ],
)
def test_a_difference_is_better_only_where_its_interval_is_above_0(own, kind):
    assert difference("R2", Interval(*own)).kind == kind


def test_a_small_number_keeps_its_digits():
    assert str(Interval(0.00123, 0.00045, 0.0021)) == "0.00123 (0.00045 to 0.0021)"
    assert str(Interval.exact(627.94)) == "627.9" and str(Interval.exact(0.0)) == "0.000"


@pytest.mark.parametrize(("groups", "kind"), [(10, "better"), (9, "few")])
def test_too_few_images_come_before_every_other_verdict(groups, kind):
    metrics = {"random_beta_mean_r2_mean": 0.9, "disjoint_groups": groups}
    metrics |= interval("random_over_floor", 0.1) | interval("skewed_over_floor", -0.1)
    found = codes.composition(result(metrics))
    assert headline(found) == kind and [verdict.kind for verdict in found[:2]] == ["better", "worse"]
    assert "mean of q(beta)" in found[0].sentence


def test_retrieval_compares_by_one_metric_and_the_best_floor():
    metrics = {"any_3_chance": 0.1, "any_10_chance": 0.1}
    for count in (3, 10):
        for row, recall in {
            "beta_mean": 0.5,
            "z_mean": 0.9,
            "mean_image": 0.95,
            "pca": 0.4,
            "random_features": 0.3,
        }.items():
            metrics |= interval(f"any_{count}_{row}_cosine_recall_at_1", recall)
            if row != "mean_image":  # large images have no PLDA
                metrics |= interval(f"any_{count}_{row}_plda_recall_at_1", recall + count / 100)
    [found] = codes.retrieval(result(metrics))
    assert found.kind == "better" and "0.530" in found.sentence and "PCA-100" in found.sentence
    assert "3 images" in found.sentence and "chance is 0.100" in found.sentence
    without_beta = {name: value for name, value in metrics.items() if "beta" not in name}
    assert "mean of z" in codes.retrieval(result(without_beta))[0].sentence


def test_a_completion_is_judged_by_the_smallest_error_of_a_floor():
    errors = {"model": 0.3, "average_beta": 0.5, "mean_image": 0.6, "nearest": 0.2, "ten_nearest": 0.4}
    metrics = {}
    for given, more in (("1", 0.2), ("half", 0.0)):
        for name, error in errors.items():
            metrics |= interval(f"squared_error_{given}_{name}", error + more)
    found = images.completion(result(metrics))
    assert [verdict.kind for verdict in found] == ["worse", "better"]
    assert "nearest training group, the best one: 0.200" in found[0].sentence and "average beta" in found[1].sentence


def test_a_swap_is_judged_by_the_groups_that_are_found():
    metrics = {"chance_found": 0.1, "content_swapped": 0.7, "chance_content": 0.1, "content_real": 0.9}
    ends = {"found_swapped_low": 0.122, "found_swapped_high": 0.738}
    few = images.swap(result({**metrics, "found_swapped": 0.4, **ends}))[0]
    assert few.kind == "better" and "0.400 (0.122 to 0.738)" in few.sentence
    open_ends = {"found_swapped_low": 0.067, "found_swapped_high": 0.652}
    assert images.swap(result({**metrics, "found_swapped": 0.3, **open_ends}))[0].kind == "open"


def test_a_prediction_is_judged_with_the_most_images_and_groups_by_a_label_first():
    metrics = interval("random_1_over_mean", 1.0) | interval("random_20_over_mean", -1.0)
    metrics |= interval("by_label_5_over_mean", 3.0) | interval("dirichlet_0.3_10_over_mean", 0.0)
    found = images.prediction(result(metrics))
    assert [verdict.kind for verdict in found] == ["better", "worse", "open"]
    assert "beta of 20 other images" in found[1].sentence and "(dirichlet 0.3)" in found[2].sentence


def test_the_information_that_reaches_its_limit_is_told_with_it():
    metrics = {"beta_kl": 9.0, "beta_information_limit": 2.0} | interval("beta_information_lower_bound", 2.0, 0.0)
    [found] = codes.anatomy(result(metrics))
    assert found.kind == "better" and "at most 2.000" in found.sentence


@pytest.mark.parametrize(("kmeans", "kinds"), [(0.3, ["better", "better"]), (0.7, ["worse", "better"])])
def test_clusters_are_compared_with_pixels_and_with_shuffled_ones(kmeans, kinds):
    metrics = interval("component_matched_accuracy", 0.5) | interval("shuffled_matched_accuracy", 0.1)
    found = codes.clustering(result(metrics | interval("kmeans_pixels_matched_accuracy", kmeans)))
    assert [verdict.kind for verdict in found] == kinds


def test_a_path_between_categories_is_compared_with_one_within_a_category():
    metrics = interval("change_along_beta_and_component", 0.5) | interval("change_along_beta_within", 0.1)
    assert images.interpolation(result(metrics))[0].kind == "better"
    assert images.interpolation(result({"change_along_beta": 0.2}))[0].kind == "none"


def test_generated_histograms_are_compared_with_the_mean_histogram():
    shares = (
        interval("recognised_posterior", 0.8) | interval("recognised_prior", 0.7) | interval("recognised_real", 0.9)
    )
    drawn = interval("histogram_r2_random", -0.3) | {"histogram_r2_random_real": 0.9}
    found = images.generate(result(drawn | shares))
    assert [verdict.kind for verdict in found] == ["worse", "none"]
    assert headline(images.generate(result(shares))) == "none"
