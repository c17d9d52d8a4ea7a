"""evaluate.py on the committed model: every task runs and writes what it promises; mistakes are told."""

import dataclasses
import functools
import json
import math
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from small_models import IMAGE_SHAPE, OfOlderVersion, new_model, small_model

from ugvae_tf.commands.evaluate import parse_evaluation
from ugvae_tf.commands.main import call
from ugvae_tf.config import Config, DataConfig, to_json
from ugvae_tf.datasets.loading import load_split
from ugvae_tf.errors import UserError
from ugvae_tf.layers.priors import PACE
from ugvae_tf.models import MODELS
from ugvae_tf.reporting.readings import READINGS
from ugvae_tf.reporting.report import evaluate_all
from ugvae_tf.serving import export
from ugvae_tf.serving.codes import encode_images, group_codes
from ugvae_tf.serving.served_model import ServedModel
from ugvae_tf.tasks.request import ALL, EvaluationRequest
from ugvae_tf.tasks.run import TASKS, evaluate

pytestmark = pytest.mark.usefixtures("coarse")


ROOT = Path(__file__).parents[1]
FIGURES = {
    "batch-classification": {"accuracy.png", "accuracy-with-random.png", "tsne.png"},
    "composition": {f"{draw}{part}.png" for draw in ("random", "skewed") for part in ("", "-labels")},
    "traversal": {"all.png"},  # and one for each used component
    "interpolation": {"between.png", "carried.png", "within.png", "path.png"},
    "embedding": {"groups.png", "images.png", "thumbnails.png"},
    "reconstruction": {"reconstruction.png"},
    "likelihood": {"bounds.png"},
    "anatomy": {"beta.png", "z.png"},
    "clustering": {"components.png", "agreement.png", "gallery.png"},
    "prediction": {"own.png", "over_mean.png", "gain.png"},
    "generate": {"recognised.png", "groups.png", "prior.png", "histograms-by_label.png"},
    "completion": {"completion.png", "error.png"},
    "swap": {"swap.png", "content.png", "found.png"},
    "retrieval": {"recall-any.png", "nearest.png"},
}


@pytest.fixture(scope="module")
def committed(tmp_path_factory):
    """A copy of the model that the repository ships."""
    folder = tmp_path_factory.mktemp("models") / "mnist"
    shutil.copytree(ROOT / "saved_models" / "mnist" / "1", folder / "1")
    return folder


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """Where the 3000 first test images of MNIST are a data set: `dataset` and `data_dir`."""
    file, images = tmp_path_factory.mktemp("digits") / "digits.npz", load_split(DataConfig(), "held-out")
    np.savez(file, image=images.images[:3000], label=images.labels["label"][:3000])
    return {"dataset": "npz", "data_dir": str(file)}


@pytest.fixture(scope="module")
def printed(committed, digits):
    """What a run of all tasks prints."""
    return evaluate_all(
        EvaluationRequest(ALL, str(committed), groups=8, group_size="5-9", seeds=2, group_by="label", **digits)
    )


@pytest.mark.slow
def test_the_images_are_those_of_the_models_training_unless_others_are_given(committed, tmp_path):
    evaluate(EvaluationRequest("reconstruction", str(committed), output_dir=str(tmp_path)))
    record = json.loads((tmp_path / "evaluations" / "reconstruction" / "metrics.json").read_text())
    assert record["dataset"] == "mnist" and (record["group_size_smallest"], record["group_size_largest"]) == (128, 128)


@pytest.mark.parametrize("task", TASKS)
def test_every_figure_has_a_sentence_in_the_report(task):
    assert all(READINGS[task].of_figure(name) != Path(name).stem for name in FIGURES[task])


@pytest.mark.slow
def test_all_tasks_are_in_one_file_with_their_figures(committed, printed):
    page = (committed / "evaluations" / "report.html").read_text()
    assert printed.endswith(f"Report: {committed / 'evaluations' / 'report.html'}")
    assert page.count('<img src="data:image/png') == sum(map(len, FIGURES.values()))
    assert all(f'<section id="{task}">' in page for task in TASKS) and "not run" not in page
    assert "more figures show parts of this at a larger size: component-" in page


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
def test_every_task_writes_its_figures_and_one_flat_record(committed, printed, task):
    assert f"=== {task}\n" in printed and str(committed / "evaluations" / task) in printed
    written = {path.name for path in (committed / "evaluations" / task).iterdir()}
    record = json.loads((committed / "evaluations" / task / "metrics.json").read_text())
    used = [d for d in range(40) if record.get(f"metric.component_{d}_share", 0) * 300 > 1]  # of the held-out images
    assert written == {"metrics.json", "report.json", *FIGURES[task], *(f"component-{d}.png" for d in used)}
    assert task != "traversal" or record["metric.components_used"] == len(used) > 20
    assert record["task"] == task and record["seed"] == 0 and record["model_version"] == 1
    assert record["dataset"] == "npz" and record["saved_model"] == str(committed)
    assert (record["group_size_smallest"], record["group_size_largest"]) == (5, 9)
    assert record["config.model.components"] == 40 and record["config.data.dataset"] == "mnist"
    metrics = [value for name, value in record.items() if name.startswith("metric.")]
    assert metrics and all(math.isfinite(value) for value in metrics)
    assert not any(isinstance(value, dict) for value in record.values())


WITH_PRIOR = {"model": "ug-vae", "global_prior": "learned", "prior_expert": True}


@pytest.mark.parametrize("variant", [{"model": "ug-vae"}, WITH_PRIOR], ids=["paper", "prior"])
def test_codes_of_groups_are_those_of_the_served_model_for_any_size(exported, variant):
    _, folder = exported(**variant)
    served = ServedModel(folder)
    images = np.random.default_rng(0).integers(256, size=(11, *IMAGE_SHAPE), dtype=np.uint8)
    codes, experts = encode_images(served, images), served.experts(images[None])
    np.testing.assert_allclose(codes.precision, experts["precision"][0], rtol=1e-5)
    np.testing.assert_allclose(codes.precision_mean, experts["precision_mean"][0], atol=1e-4)
    members = np.array([[0, 3, 5, 7, 9], [1, 2, 4, -1, -1]])
    summed = group_codes(codes, members)
    direct = served.encode_ragged(images[members], np.array([5, 3]))
    np.testing.assert_allclose(summed.beta_mean, direct.beta_mean, atol=1e-5)
    np.testing.assert_allclose(summed.beta_stddev, direct.beta_stddev, rtol=1e-5)
    np.testing.assert_allclose(summed.component_probs[1], direct.component_probs[1, :3].mean(axis=0), atol=1e-5)


def test_an_export_of_an_older_version_has_the_standard_p_beta_and_the_uniform_p_d(tmp_path):
    model = OfOlderVersion(small_model())
    export.export_version(model, tmp_path / "1", to_json(Config(model=model.config), image_shape=IMAGE_SHAPE))
    served, beta = ServedModel(tmp_path), np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    assert "global_prior" not in served.signatures
    p_beta, p_z = served.global_prior(3), served.prior(beta)
    np.testing.assert_array_equal(p_beta["beta_mean"], np.zeros([3, 4]))
    np.testing.assert_array_equal(p_beta["beta_stddev"], np.ones([3, 4]))
    np.testing.assert_allclose(p_z["component_probs"], np.full([3, 6], 1 / 6), rtol=1e-6)
    for key, value in model.prior(beta, 3).items():
        np.testing.assert_allclose(p_z[key], value, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(np.stack(served.prior_parameters()), np.zeros([2, 4]))


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_every_served_model_says_what_p_beta_and_p_d_are_and_decodes(exported, name):
    extended = name in ("ug-vae", "ml-vae")
    model, folder = exported(**(WITH_PRIOR if extended else {}) | {"model": name})
    size, local_size = model.config.global_size, model.config.local_size
    served = ServedModel(folder)
    p_beta, p_z = served.global_prior(2), served.prior(np.zeros([2, size], np.float32))
    assert p_beta["beta_mean"].shape == p_beta["beta_stddev"].shape == (2, size)
    assert p_z["component_probs"].shape == (2, model.config.components)
    assert p_z["z_mean"].shape == p_z["z_stddev"].shape == (2, model.config.components, local_size)
    decoded = served.decode(np.zeros([2, 3, local_size], np.float32), np.zeros([2, size], np.float32))
    assert decoded["image_mean"].shape == (2, 3, *IMAGE_SHAPE)
    np.testing.assert_allclose(p_z["component_probs"], 1 / model.config.components, rtol=1e-6)
    precision, precision_mean = served.prior_parameters()
    if extended:
        m, log_stddev = (PACE * weight.numpy() for weight in model.global_prior.weights)
        np.testing.assert_allclose(p_beta["beta_mean"][1], m, rtol=1e-6)
        np.testing.assert_allclose(precision, np.exp(-2 * log_stddev), rtol=1e-5)
        np.testing.assert_allclose(precision_mean, m * np.exp(-2 * log_stddev), rtol=1e-5)
    else:
        np.testing.assert_array_equal(p_beta["beta_stddev"], np.ones([2, size]))
        np.testing.assert_array_equal(precision, np.zeros(size))


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--groups", "0"], "`groups` must be at least 1"),
        (["--seeds", "0"], "`seeds` must be at least 1"),
        (["--samples", "0"], "`samples` must be at least 1"),
        (["--seed", "-1"], "`seed` must be 0 or more"),
        (["--group-size", "many"], "`group_size` must be a number"),
        (["--group-size", "9-5"], "the smaller number first"),
        (["--group-size", "0"], "`group_size=0` is impossible"),
        (["--group-size", "1-"], "`group_size` must be a number"),
        (["--group-size", "\u0663"], "`group_size` must be a number"),
        (["--group-size", "9" * 5000], "`group_size` must be a number"),
        (["--attribute", "="], "`attribute==` has an empty name or value"),
        (["--attribute", "a="], "`attribute=a=` has an empty name or value"),
        (["--attribute", ""], "`attribute=` has an empty name or value"),
        (["--groups", str(10**12)], "`groups` must be at least 1 and at most 1000000"),
        (["--seed", str(10**30)], "`seed` must be 0 or more, and below 2147483648"),
    ],
)
def test_an_impossible_flag_is_told(flags, told):
    with pytest.raises(UserError, match=told):
        parse_evaluation(["--task", "composition", *flags])


def test_one_group_has_no_standard_error(committed):
    with pytest.raises(UserError, match="give `groups` of 2 or more"):
        evaluate(EvaluationRequest("likelihood", str(committed), groups=1, group_size="2"))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "samples"), [("vae", 7), ("ug-vae", 7)])
def test_the_likelihood_task_takes_the_number_of_samples(relatives, name, samples):
    evaluate(EvaluationRequest("likelihood", str(relatives(name)), groups=2, samples=samples))
    record = json.loads((relatives(name) / "evaluations" / "likelihood" / "metrics.json").read_text())
    bounds = {key for key in record if key.startswith("metric.iw_") and not key.endswith("standard_error")}
    assert bounds == {"metric.iw_1", f"metric.iw_{samples}"} and record["samples"] == samples


def test_one_label_defines_no_categories():
    with pytest.raises(UserError, match="`categories=male` is neither series nor digit-sets nor two labels"):
        parse_evaluation(["--task", "batch-classification", "--categories", "male"])


@pytest.mark.slow
def test_two_labels_that_are_true_or_false_are_two_categories(relatives, tmp_path):
    """Paper table 1 for CelebA, whose black and blond hair are two labels."""
    random = np.random.default_rng(0)
    hair = random.random((2, 400)) < 0.5
    images = random.integers(60, size=(400, 7, 5, 1)) + 150 * hair[0][:, None, None, None]
    np.savez(tmp_path / "hair.npz", image=images.astype(np.uint8), black_hair=hair[0], blond_hair=hair[1])
    given = {"dataset": "npz", "data_dir": str(tmp_path / "hair.npz"), "output_dir": str(tmp_path)}
    named = {"categories": "black_hair,blond_hair", "groups": 8, "seeds": 1}
    printed = evaluate(EvaluationRequest("batch-classification", str(relatives("ug-vae")), **named, **given))
    assert "category: black_hair, blond_hair." in printed and printed.startswith(("TOO FEW IMAGES", "Enough images"))
    record = json.loads((tmp_path / "evaluations" / "batch-classification" / "metrics.json").read_text())
    assert record["categories"] == "black_hair,blond_hair" and record["metric.majority_baseline_mean"] == 0.5
    assert record["metric.mean_image_linear_test_accuracy_mean"] > 0.9
    held_out = len(load_split(DataConfig("npz", given["data_dir"]), "held-out"))
    assert record["metric.images_of_rarest_category"] < 0.45 * held_out  # both are true of a quarter, none of a quarter
    with pytest.raises(UserError, match="'beard' is not one: black_hair, blond_hair"):
        evaluate(
            EvaluationRequest("batch-classification", str(relatives("ug-vae")), categories="black_hair,beard", **given)
        )


@pytest.mark.parametrize("content", ["nothing", "no version", "empty version", "garbage"])
def test_a_folder_that_is_no_saved_model_is_told(tmp_path, content):
    folder = tmp_path / "model"
    if content != "nothing":
        folder.mkdir()
    if content in ("empty version", "garbage"):
        (folder / "1").mkdir()
    if content == "garbage":
        (folder / "1" / "saved_model.pb").write_bytes(b"garbage")
    with pytest.raises(UserError, match="train"):
        ServedModel(folder)


CONFIG = json.loads(to_json(Config(), image_shape=[28, 28, 1]))


@pytest.mark.parametrize(
    "content",
    [
        [],
        {"model": {}},
        {"image_shape": [28, 28, 1]},
        CONFIG | {"image_shape": [28, 28]},
        CONFIG | {"image_shape": [28, 28, 0]},
        CONFIG | {"image_shape": ["28", "28", "1"]},
        CONFIG | {"data": {"datasets": "mnist"}},
        CONFIG | {"model": "ug-vae"},
        CONFIG | {"data": "mnist"},
        CONFIG | {"data": CONFIG["data"] | {"group_size": "128"}},
    ],
)
def test_a_model_with_the_configuration_of_another_package_is_told(tmp_path, content):
    shutil.copytree(ROOT / "saved_models" / "mnist" / "1", tmp_path / "1")
    (tmp_path / "1" / "assets.extra" / "config.json").write_text(json.dumps(content))
    with pytest.raises(UserError, match="is not a SavedModel that ugvae_tf exported"):
        ServedModel(tmp_path)


@pytest.mark.parametrize(
    ("inputs", "given"), [(["z"], "z"), ([], "nothing"), (["beta", "group_sizes", "z"], "beta, group_sizes, z")]
)
def test_other_inputs_than_those_of_a_signature_are_told(committed, inputs, given):
    with pytest.raises(UserError, match=rf"\(ug-vae\) takes beta, z in its signature 'decode', not {given}\."):
        ServedModel(committed).call("decode", **{name: np.zeros((1, 100), np.float32) for name in inputs})


def test_a_signature_that_the_model_lacks_is_told(committed):
    with pytest.raises(UserError, match="has no signature 'dream'"):
        ServedModel(committed).call("dream", beta=np.zeros((1, 100), np.float32))


def test_other_images_than_the_models_are_told(committed, tiny_data_dir):
    request = EvaluationRequest("clustering", str(committed), dataset="tiny", data_dir=str(tiny_data_dir))
    with pytest.raises(UserError, match=r"\(7, 5, 1\), but the model in .* takes \(28, 28, 1\)"):
        evaluate(request)


@pytest.mark.parametrize(
    ("task", "choice", "told"),
    [
        ("composition", {"attribute": "colour"}, r"no label 'colour': choose an `attribute` that it has \(label\)"),
        ("batch-classification", {"attribute": "label=3,x"}, "No image is 'x': the values are 0, 1, 2"),
        ("interpolation", {"group_by": "label"}, "The task interpolation forms groups by the categories"),
        ("embedding", {"group_by": "label"}, "and by `group_by=label` only where no label defines categories"),
        ("interpolation", {"between": "even,blue"}, "`between` needs two of even, odd, fibonacci, prime"),
    ],
)
def test_a_category_that_does_not_exist_is_told_and_earlier_results_stay(
    committed, digits, tmp_path, task, choice, told
):
    folder = tmp_path / "evaluations" / task
    folder.mkdir(parents=True)
    (folder / "old.png").write_bytes(b"")
    with pytest.raises(UserError, match=told):
        evaluate(
            EvaluationRequest(
                task, str(committed), output_dir=str(tmp_path), groups=2, group_size="5", **choice, **digits
            )
        )
    assert (folder / "old.png").exists()


@pytest.mark.slow
@pytest.mark.parametrize("task", ["completion", "swap"])
def test_a_task_of_groups_that_exist_names_the_labels_that_could_form_them(committed, digits, task):
    with pytest.raises(UserError, match=r"give `group_by`, a label whose values are groups \(label\)"):
        evaluate(EvaluationRequest(task, str(committed), group_size="5", **digits))
    with pytest.raises(UserError, match="no label 'font': choose one of their labels"):
        evaluate(EvaluationRequest(task, str(committed), group_size="5", group_by="font", **digits))


def test_a_model_where_nobody_may_write_is_told(committed, tmp_path):
    (tmp_path / "mnist").mkdir()
    (tmp_path / "mnist" / "1").symlink_to(committed / "1")
    (tmp_path / "mnist" / "evaluations").write_text("a file in the way")
    with pytest.raises(UserError, match="Cannot write to"):
        evaluate(EvaluationRequest("composition", str(tmp_path / "mnist"), groups=2, group_size="5"))


@pytest.mark.parametrize("flags", [["--task", "dream"], ["--task", "traversal", "--dimension", "100"], []])
def test_the_command_exits_with_2_and_one_line(committed, digits, flags, capsys):
    given = ["--saved-model", str(committed), "--dataset", digits["dataset"], "--data-dir", digits["data_dir"]]
    with pytest.raises(SystemExit, match="2"):
        call("evaluate", [*given, *flags], "evaluate.py")
    assert re.fullmatch(r"evaluate\.py: error: .*\n", capsys.readouterr().err)


@pytest.mark.parametrize("name", [each.name for each in dataclasses.fields(EvaluationRequest)])
def test_every_flag_has_a_row_in_the_documentation(name):
    rows = [line for line in (ROOT / "docs" / "evaluation.md").read_text().splitlines() if line.startswith("| `--")]
    assert name == "task" or any(f"`--{name.replace('_', '-')}" in row.split(" | ")[0] for row in rows)


NEEDS = {
    "traversal": "ug-vae ml-vae nested-vae",
    "interpolation": "ug-vae ml-vae nested-vae",
    "clustering": "ug-vae gm-vae",
    "prediction": "ug-vae ml-vae nested-vae",
    "generate": "ug-vae ml-vae nested-vae",
    "completion": "ug-vae",
    "swap": "ug-vae",
}


HAVE_BETA = ("ug-vae", "ml-vae", "nested-vae")


@pytest.fixture(scope="module")
def relatives(tmp_path_factory, tiny_data_dir):
    """By its name: the folder of an untrained export of a model, for the tiny images."""

    @functools.cache
    def made(name: str) -> Path:
        folder, model = tmp_path_factory.mktemp("relatives") / name, new_model(model=name, image_shape=(7, 5, 1))
        config = Config(data=DataConfig("tiny", str(tiny_data_dir), group_size=4), model=model.config)
        folder.mkdir()
        export.export_version(model, folder / "1", to_json(config, image_shape=[7, 5, 1]))
        return folder

    return made


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_every_task_serves_every_model_or_says_what_that_lacks(relatives, name):
    printed = evaluate_all(EvaluationRequest(ALL, str(relatives(name)), groups=6, seeds=1, samples=7, group_by="label"))
    sections = dict(section.split("\n\n", 1) for section in printed.split("=== ")[1:])
    assert list(sections) == list(TASKS)
    for task, section in sections.items():
        if name in NEEDS.get(task, " ".join(MODELS)).split():
            assert "Written to" in section and "Not run" not in section, section
            assert task != "anatomy" or ("beta is left out: 'label' has 3 values" in section) == (name in HAVE_BETA)
        else:
            assert re.match(rf"Not run: .*\({name}\) has no (beta|mixture), .* give another one", section), section


@pytest.mark.parametrize("task", ["traversal", "clustering"])
def test_a_task_for_a_part_that_the_model_lacks_is_the_users_error(exported, task):
    _, folder = exported(model="vae")
    with pytest.raises(UserError, match=r"\(vae\) has no (beta|mixture), .* give another one"):
        evaluate(EvaluationRequest(task, str(folder)))
