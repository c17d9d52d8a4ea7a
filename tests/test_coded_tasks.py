"""Tasks on files of codes in place of images."""

import json

import numpy as np
import pytest
from small_models import COLOUR_SHAPE

import ugvae_tf as ug
from ugvae_tf.codes import symmetric_kl
from ugvae_tf.commands.evaluate import parse_evaluation
from ugvae_tf.errors import UserError
from ugvae_tf.serving.group_table import GroupTable, ImageTable
from ugvae_tf.tasks import coded, coded_retrieval
from ugvae_tf.tasks.context import Context
from ugvae_tf.tasks.request import EvaluationRequest
from ugvae_tf.tasks.run import evaluate

pytestmark = pytest.mark.usefixtures("coarse")
TASKS = ("interpolation", "embedding", "clustering")


@pytest.fixture(scope="module")
def encoded(exported, tmp_path_factory):
    """The folder of a model, and of the files of codes of 44 images in 5 groups; and the two tables."""
    _, model = exported(image_shape=COLOUR_SHAPE)
    random = np.random.default_rng(0)
    images = random.integers(256, size=(44, *COLOUR_SHAPE), dtype=np.uint8)
    names = np.array(list("aabbbcccdddeee"))[np.arange(44) % 14]
    folder = tmp_path_factory.mktemp("codes")
    groups, rows = ug.encode_with_images(images, model, group_by=names)
    for ending in ("npz", "csv"):
        groups.write(folder / f"groups.{ending}")
        rows.write(folder / f"rows.{ending}")
    return model, folder, groups, rows


def context_of(encoded, task: str, file: str, **settings) -> Context:
    model, folder, _, _ = encoded
    return Context(EvaluationRequest(task, str(model), codes=str(folder / file), **settings).checked())


@pytest.mark.slow
def test_a_row_a_group_and_a_row_an_image_give_the_same(encoded):
    _, _, groups, _ = encoded
    for task in ("interpolation", "clustering"):
        found = [coded.FROM_CODES[task](context_of(encoded, task, f"{kind}.npz")) for kind in ("groups", "rows")]
        assert found[0].metrics.keys() == found[1].metrics.keys() and found[0].figures
        for name, value in found[0].metrics.items():
            assert found[1].metrics[name] == pytest.approx(value, rel=1e-4), name
    distances = symmetric_kl(groups.beta_mean, groups.beta_stddev)
    far = coded.interpolation(context_of(encoded, "interpolation", "groups.csv"))
    assert far.metrics["distance"] == pytest.approx(distances.max(), rel=1e-4)
    named = coded.interpolation(context_of(encoded, "interpolation", "groups.npz", between="b,d"))
    assert named.metrics["distance"] == pytest.approx(distances[1, 3], rel=1e-4) and "b -> d" in named.table


def test_shares_of_components_are_those_of_all_images(encoded):
    *_, rows = encoded
    found = coded.clustering(context_of(encoded, "clustering", "groups.npz")).metrics
    shares = [found[f"share_{d}"] for d in range(6)]
    np.testing.assert_allclose(shares, rows.component_probs.mean(axis=0), rtol=1e-4)


@pytest.mark.slow
def test_tasks_write_their_results_and_what_the_codes_were(encoded, tmp_path):
    model, folder, groups, _ = encoded
    for task in TASKS:
        file = str(folder / "rows.csv")
        table = evaluate(EvaluationRequest(task, str(model), codes=file, output_dir=str(tmp_path)).checked())
        record = json.loads((tmp_path / "evaluations" / task / "metrics.json").read_text())
        assert "Written to" in table and record["codes"] == record["dataset"] == file
        sizes = record["group_size_smallest"], record["group_size_largest"]
        assert sizes == (groups.images.min(), groups.images.max())
    assert {path.stem for path in (tmp_path / "evaluations" / "embedding").glob("*.png")} == {"groups", "images"}


@pytest.mark.parametrize("apart", [0.0, 30.0])
def test_groups_that_are_apart_are_found_and_equal_ones_by_chance(encoded, tmp_path, apart):
    model, *_ = encoded
    random, groups, each = np.random.default_rng(0), 30, 6
    place = np.repeat(np.arange(groups), each)
    centre = apart * random.normal(size=(groups, 4))
    mean = centre[place] + random.normal(size=(len(place), 4))
    z = np.tile(centre[:, :3], 1)[place] + random.normal(size=(len(place), 3))
    names = np.arange(len(place))
    probs = np.full((len(place), 6), 1 / 6)
    ImageTable(names, place, np.ones_like(mean), mean, z, np.ones_like(z), probs).write(tmp_path / "rows.npz")
    request = EvaluationRequest("retrieval", str(model), codes=str(tmp_path / "rows.npz"), seeds=20)
    found = coded_retrieval.report(Context(request.checked()))
    for code in ("beta_mean_kl", "beta_mean_cosine", "z_mean_cosine"):
        recall = found.metrics[f"n_3_{code}_recall_at_1"]
        assert recall > 0.9 if apart else recall < 0.12  # chance: .033, of 20 draws of 30 groups
    assert found.metrics["n_3_chance"] == 1 / 30 and "0.033" in found.table


def test_files_that_do_not_fit_are_refused(encoded, tmp_path):
    model, _, groups, _ = encoded
    with pytest.raises(
        UserError, match=r"needs a row an image: give the file of `ugvae encode --images`, not .*groups"
    ):
        coded_retrieval.report(context_of(encoded, "retrieval", "groups.npz"))
    columns = {**groups.columns, "beta_mean": groups.beta_mean[:, :3], "beta_stddev": groups.beta_stddev[:, :3]}
    GroupTable(**columns).write(tmp_path / "other.npz")
    request = EvaluationRequest("clustering", str(model), codes=str(tmp_path / "other.npz"))
    with pytest.raises(
        UserError, match=r"M, K = \(3, 6\), but the model in .* has \(4, 6\): give the `saved_model` that"
    ):
        coded.clustering(Context(request))


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--task", "traversal"], "The task traversal needs images: leave out `codes`, which interpolation, embedding"),
        (
            ["--task", "all"],
            "`codes` is for one task, not for all: interpolation, embedding, clustering, retrieval need",
        ),
        (["--task", "embedding", "--data-dir", "a"], "`data_dir` is a setting of images, which `codes` replaces"),
        (["--task", "embedding", "--group-by", "label"], "`group_by` is a setting of images, which `codes` replaces"),
    ],
)
def test_tasks_and_settings_of_images_are_refused(flags, told):
    with pytest.raises(UserError, match=told):
        parse_evaluation([*flags, "--codes", "codes.npz"])
