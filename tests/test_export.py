"""The exported SavedModel, loaded by a process that knows nothing of this package."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from small_models import EXTENDED, SIZES, moved, random_images, small_model

from ugvae_tf.config import Config, to_json
from ugvae_tf.errors import UserError
from ugvae_tf.models import MODELS
from ugvae_tf.serving import export

TESTS = Path(__file__).parent
M, L = SIZES["global_size"], SIZES["local_size"]
OUTPUTS = {
    "serving_default": {"beta_mean", "beta_stddev", "z_mean", "z_stddev", "component_probs"},
    "encode_ragged": {"beta_mean", "beta_stddev", "z_mean", "z_stddev", "component_probs"},
    "experts": {"precision", "precision_mean"},
    "prior": {"z_mean", "z_stddev", "component_probs"},
    "global_prior": {"beta_mean", "beta_stddev"},
    "decode": {"image_mean", "image_stddev"},
}
# For each version: runs each signature on the inputs in in.npz beside it, and writes the outputs to out.npz.
ASK = """
import sys
from pathlib import Path
import numpy as np, tensorflow as tf
for folder in map(Path, sys.argv[1:]):
    loaded, asked, answers = tf.saved_model.load(str(folder / "1")), np.load(folder / "in.npz"), {}
    for name in {key.split("/")[0] for key in asked}:
        signature = loaded.signatures[name]
        keys = signature.structured_input_signature[1]
        answer = signature(**{key: tf.constant(asked[f"{name}/{key}"]) for key in keys})
        answers.update({f"{name}/{key}": value.numpy() for key, value in answer.items()})
    np.savez(folder / "out.npz", **answers)
assert "ugvae_tf" not in sys.modules
"""
VARIANTS = [
    {"model": "ug-vae", "expert_variance": "shared", "likelihood": "bernoulli"},
    {"model": "ug-vae", "body": "conv", "normalisation": "batch"},
    *({"model": name} for name in MODELS),
    {"model": "ug-vae", **EXTENDED},
    {"model": "gm-vae", "component_posterior": "optimal"},
]


def inputs(groups: int, size: int, image_shape: tuple) -> dict[str, dict[str, np.ndarray]]:
    random, images = np.random.default_rng(0), random_images(groups, size, image_shape=image_shape)
    sizes = np.array([size - g % 2 for g in range(groups)], np.int32)
    z = random.normal(size=(groups, size, L)).astype(np.float32)
    beta = random.normal(size=(groups, M)).astype(np.float32)
    return {
        "serving_default": {"images": images},
        "encode_ragged": {"images": images, "group_sizes": sizes},
        "experts": {"images": images},
        "prior": {"beta": beta, "group_sizes": sizes},
        "global_prior": {"group_sizes": sizes},
        "decode": {"z": z, "beta": beta},
    }


def outputs_of(config) -> set[str]:
    """What the exported signatures answer, as signature/output: a model lacks what it has no variable for."""
    absent = {"image_stddev"} if config.likelihood == "bernoulli" else set()
    absent |= set() if config.has_beta else {"beta_mean", "beta_stddev", "precision", "precision_mean"}
    absent |= set() if config.has_mixture else {"component_probs"}
    return {f"{name}/{key}" for name, keys in OUTPUTS.items() for key in keys - absent}


def asked_of(model) -> dict[str, dict[str, np.ndarray]]:
    """Inputs of every signature that the model has, for other groups than in training."""
    return {name: given for name, given in inputs(3, 7, model.image_shape).items() if name in model.signatures()}


@pytest.fixture(scope="module")
def answered(exported) -> None:
    """One process runs the exports of all variants."""
    folders = []
    for model, folder in (exported(**variant) for variant in VARIANTS):
        given = {f"{name}/{key}": array for name, own in asked_of(model).items() for key, array in own.items()}
        np.savez(folder / "in.npz", **given)
        folders.append(folder)
    subprocess.run([sys.executable, "-c", ASK, *folders], check=True)


@pytest.mark.slow
@pytest.mark.usefixtures("answered")
@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: "-".join(map(str, variant.values())))
def test_every_signature_equals_the_keras_model_with_other_groups_than_in_training(exported, variant):
    model, folder = exported(**variant)
    asked, answers = asked_of(model), dict(np.load(folder / "out.npz"))
    assert set(answers) == outputs_of(model.config)
    mask = np.float32(np.arange(7) < asked["encode_ragged"]["group_sizes"][:, None])
    expected = {
        "serving_default": model.encoded(asked["serving_default"]["images"], np.ones_like(mask)),
        "encode_ragged": model.encoded(asked["serving_default"]["images"], mask),
        "prior": model.prior(asked["prior"]["beta"] if model.config.has_beta else None, 3),
        "decode": model.decode(asked["decode"]["z"], asked["decode"]["beta"]),
    }
    if model.config.has_beta:
        expected["experts"] = model.experts(asked["experts"]["images"])
        p_beta = model.global_prior(groups=3)
        expected["global_prior"] = {"beta_mean": p_beta.mean(), "beta_stddev": p_beta.stddev()}
    for name, tensors in expected.items():
        for key, tensor in tensors.items():
            np.testing.assert_allclose(answers[f"{name}/{key}"], tensor, atol=1e-5, rtol=1e-5, err_msg=f"{name}/{key}")
    assert answers["serving_default/z_mean"].shape == (3, 7, L)
    assert answers["decode/image_mean"].shape == (3, 7, *model.image_shape)


@pytest.mark.parametrize("name", ["ug-vae", "ml-vae", "nested-vae"])
def test_experts_add_up_to_the_code_of_the_group(name):
    model, images = small_model(model=name), random_images(2, 5)
    assert_codes_of_sums(model, images, 0, 0)


@pytest.mark.parametrize("name", ["ug-vae", "ml-vae"])
def test_experts_and_p_beta_once_add_up_to_the_code_of_the_group(name):
    model = moved(small_model(model=name, global_prior="learned", prior_expert=True))
    p_beta = model.global_prior(groups=2)
    precision = p_beta.stddev().numpy() ** -2
    assert np.ptp(precision) > 0.1
    assert_codes_of_sums(model, random_images(2, 5), precision, precision * p_beta.mean().numpy())


def assert_codes_of_sums(model, images, precision, precision_mean):
    """The group's code is what the experts of its parts and the given prior sum to."""
    for part in (images[:, :2], images[:, 2:]):  # two shards
        experts = {key: tensor.numpy() for key, tensor in model.experts(part).items()}
        precision = precision + experts["precision"].sum(axis=1)
        precision_mean = precision_mean + experts["precision_mean"].sum(axis=1)
    codes = model.encoded(images, np.ones([2, 5], np.float32))
    np.testing.assert_allclose(codes["beta_mean"], precision_mean / precision, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(codes["beta_stddev"], precision**-0.5, rtol=1e-4)


def test_an_export_holds_every_weight_once_and_no_state_of_the_optimiser(tmp_path):
    model = small_model()
    model.compile(optimizer="adam")
    model.optimizer.build(model.trainable_variables)
    export.export_version(model, tmp_path / "1", to_json(Config()))
    reader = tf.train.load_checkpoint(str(tmp_path / "1" / "variables" / "variables"))
    stored = sum(int(np.prod(shape)) for shape in reader.get_variable_to_shape_map().values())
    assert model.count_params() <= stored < model.count_params() + 20  # and the metrics' scalars


def test_an_export_leaves_nothing_but_the_version_and_survives_an_earlier_one_that_was_killed(tmp_path):
    (tmp_path / ".1.partial" / "half").mkdir(parents=True)
    text = to_json(Config(), seed=0)
    export.export_version(small_model(), tmp_path / "1", text)
    assert [path.name for path in tmp_path.iterdir()] == ["1"]
    assert (tmp_path / "1" / "assets.extra" / "config.json").read_text() == text


def test_a_configuration_of_another_package_is_not_exported(tmp_path):
    with pytest.raises(UserError, match="not written by a compatible version"):
        export.export_version(small_model(), tmp_path / "1", "{}")
    assert not list(tmp_path.iterdir())


EXPORT = """
import sys
from pathlib import Path
from small_models import exported
exported(Path(sys.argv[1]) / "1", model="ug-vae")
"""


@pytest.mark.slow
def test_the_same_weights_are_the_same_bytes_in_every_process(tmp_path):
    found = []
    for name in ("one", "other"):
        folder = tmp_path / name
        folder.mkdir()
        environment = os.environ | {"PYTHONPATH": f"{TESTS}:{TESTS.parent}"}
        subprocess.run([sys.executable, "-c", EXPORT, folder], check=True, env=environment, capture_output=True)
        found.append({path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()})
    assert found[0].keys() == found[1].keys() and len(found[0]) == 7
    for path, content in found[0].items():
        assert content == found[1][path], path
