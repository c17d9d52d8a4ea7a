"""Every export holds against the C++ loader that TensorFlow Serving calls."""

import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from cpp_process import ask
from serving_contract import contract, faults, of_older_export
from small_models import EXTENDED, moved, random_images, small_model

from ugvae_tf import config as configuration
from ugvae_tf.models import MODELS
from ugvae_tf.serving import export
from ugvae_tf.serving.folder import Folder
from ugvae_tf.serving.saved_model import Signature, read_signatures

COMMITTED = sorted((Path(__file__).parents[1] / "saved_models").glob("*/1"))
GROUPS_AND_SIZES = [(1, 1), (3, 7), (2, 130)]
CONFIG = '{"a": "\\u00e4 and \\"quotes\\""}'
VARIANTS = {
    "fixed": {},
    "learned": {"observation_variance": "learned", "expert_variance": "shared"},
    "network": {"observation_variance": "network", "expert_variance": "bounded"},
    "bernoulli": {"likelihood": "bernoulli"},
}
EXPORTS = [(model, name, variant) for model in MODELS for name, variant in VARIANTS.items()]
EXPORTS += [
    ("ug-vae", "extended", EXTENDED),
    ("ml-vae", "extended", {"global_prior": "learned", "prior_expert": True, "expert_subset": "random"}),
    ("gm-vae", "extended", {"component_posterior": "optimal"}),
]
EXPORTS += [(model, "conv", {"body": "conv", "normalisation": "batch"}) for model in MODELS]


def inputs(specs, groups: int, size: int) -> dict[str, np.ndarray]:
    """Something for every input of a signature."""
    random = np.random.default_rng(0)
    given = {}
    for spec in specs:
        shape = [length or free for length, free in zip(spec.shape, (groups, size, *spec.shape[2:]), strict=False)]
        if spec.dtype == tf.int32:
            given[spec.name] = random.integers(1, size, shape, np.int32, endpoint=True)
        else:
            given[spec.name] = random.random(shape, np.float32)  # pixels, or a z and a beta
    return given


def specs(signature: Signature) -> list[tf.TensorSpec]:
    """What an export says of its inputs."""
    return [tf.TensorSpec(info.shape, info.dtype, name) for name, info in signature.inputs.items()]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "variant"), [(m, v) for m, _, v in EXPORTS], ids=[f"{m}-{n}" for m, n, _ in EXPORTS])
def test_the_cpp_loader_answers_as_the_keras_model_does(tmp_path, name, variant):
    model = moved(small_model(model=name, **variant))
    images = random_images(3, 7, image_shape=model.image_shape)
    model.elbo_terms(images, np.ones([3, 7], np.float32), seed=None, training=True)  # moves batch statistics
    export.export_version(model, tmp_path / "1", CONFIG)
    assert faults(tmp_path / "1", contract(model.config, model.image_shape)) == []
    calls, expected = [], []
    for signature, (function, specs) in model.signatures().items():
        for groups, size in GROUPS_AND_SIZES:
            calls.append((signature, inputs(specs, groups, size)))
            expected.append(function(*(calls[-1][1][spec.name] for spec in specs)))
    calls.append(("config", {"group_sizes": np.array([5, 5], np.int32)}))
    *found, configuration = ask(tmp_path / "1", calls).outputs
    assert list(configuration["config_json"]) == [CONFIG, CONFIG]
    for (signature, _), answer, right in zip(calls, found, expected, strict=False):
        assert set(answer) == set(right)
        for key, value in right.items():
            np.testing.assert_allclose(answer[key], value, atol=1e-5, rtol=1e-5, err_msg=f"{signature}/{key}")


@pytest.mark.slow
@pytest.mark.parametrize("version", COMMITTED, ids=lambda version: version.parent.name)
def test_the_committed_models_hold(version):
    text = (version / "assets.extra" / "config.json").read_text()
    image_shape = tuple(json.loads(text)["image_shape"])
    promised = contract(configuration.from_json(text).model, image_shape)
    if "global_prior" not in read_signatures(version):
        promised = of_older_export(promised)
    assert faults(version, promised) == []
    folder = Folder(version.parent)
    calls = [
        (name, inputs(specs(signature), groups, size))
        for name, signature in read_signatures(version).items()
        for groups, size in GROUPS_AND_SIZES
    ]
    for (name, given), answer in zip(calls, ask(version, calls).outputs, strict=True):
        expected = folder.call(name, given)
        assert set(answer) == set(expected)
        for key, value in expected.items():
            if name == "config":
                assert set(answer[key]) == {text}
            else:
                np.testing.assert_allclose(answer[key], value, atol=1e-5, rtol=1e-5, err_msg=f"{name}/{key}")
