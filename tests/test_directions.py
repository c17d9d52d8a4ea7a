"""Directions of a traversal: where they lead, and which components they visit."""

import json

import numpy as np
import pytest

from ugvae_tf.evaluation.principal_axes import PrincipalAxis
from ugvae_tf.tasks.context import Context
from ugvae_tf.tasks.directions import COLUMNS, ROWS, DataDirections, PaperDirections
from ugvae_tf.tasks.request import EvaluationRequest
from ugvae_tf.tasks.run import evaluate

SHAPE = (7, 5, 1)


@pytest.fixture(scope="module")
def request_of(exported, tmp_path_factory):
    """Requests of a traversal of a small model and its images."""
    folder, random = tmp_path_factory.mktemp("images"), np.random.default_rng(0)
    np.savez(folder / "images.npz", image=random.integers(256, size=(400, *SHAPE), dtype=np.uint8))
    data = {"dataset": "npz", "data_dir": str(folder / "images.npz"), "output_dir": str(folder), "group_size": "5"}
    model = str(exported(model="ug-vae", image_shape=SHAPE)[1])
    return lambda **settings: EvaluationRequest("traversal", model, **data, **settings)


@pytest.mark.slow
def test_directions_of_the_data_go_through_the_mean_codes_along_their_axes(request_of):
    context = Context(request_of())
    components = context.held_out_codes.component_probs.argmax(axis=1)
    directions, d = DataDirections(context, components), np.bincount(components).argmax()
    assert directions.betas.shape == (ROWS, 4)
    np.testing.assert_allclose(directions.betas[ROWS // 2], directions.betas.mean(axis=0), atol=1e-5)
    assert np.linalg.norm(directions.betas[-1] - directions.betas[0]) == pytest.approx(
        2 * directions.beta_reach, rel=1e-4
    )
    means = context.model.prior(directions.betas)["z_mean"][:, d]
    zs, axis = directions.zs(means, d), PrincipalAxis.of(context.held_out_codes.z_mean[components == d])
    assert zs.shape == (ROWS, COLUMNS, 3)
    np.testing.assert_allclose(zs[ROWS // 2, COLUMNS // 2], axis.mean, atol=1e-4)
    np.testing.assert_allclose(zs[1, -1] - zs[1, 0], 2 * axis.reach * axis.direction, rtol=1e-4)
    np.testing.assert_allclose(zs[1, 2] - zs[5, 2], means[1] - means[5], atol=1e-5)
    second = DataDirections(Context(request_of(dimension=1)), components)
    assert abs((second.betas[-1] - second.betas[0]) @ (directions.betas[-1] - directions.betas[0])) < 1e-3


def test_the_papers_directions_are_diagonals(request_of):
    context = Context(request_of(directions="paper"))
    directions, p_beta = PaperDirections(context), context.model.global_prior(1)
    for row, sign in ((0, -1), (-1, 1)):
        expected = p_beta["beta_mean"][0] + sign * p_beta["beta_stddev"][0]
        np.testing.assert_allclose(directions.betas[row], expected, rtol=1e-5)
    np.testing.assert_allclose(directions.zs(np.zeros((ROWS, 3)), 0)[:, -1], 3)


@pytest.mark.slow
@pytest.mark.parametrize("directions", ["data", "paper"])
def test_components_are_sorted_by_use_and_unused_ones_left_out(request_of, directions):
    request = request_of(directions=directions)
    printed, components = evaluate(request), Context(request).held_out_codes.component_probs.argmax(axis=1)
    counts = np.bincount(components, minlength=6)
    used = [d for d in np.argsort(-counts, kind="stable") if counts[d] > 1]
    folder = request.results("")
    assert {path.name for path in folder.glob("component-*")} == {f"component-{d}.png" for d in used}
    assert f"{len(used)} of 6 components are used, most of all {used[0]} ({counts[used[0]] / 40:.1%})" in printed
    record = json.loads((folder / "metrics.json").read_text())
    assert [record[f"metric.component_{d}_share"] for d in range(6)] == pytest.approx(counts / 40)
    assert record["directions"] == directions and record["metric.components_used"] == len(used)
