"""Every export holds against the C++ loader that TensorFlow Serving calls."""

import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from cpp_process import Answers, ask_all
from serving_contract import contract, faults, of_older_export
from small_models import EXTENDED

from ugvae_tf import config as configuration
from ugvae_tf.models import MODELS
from ugvae_tf.serving.folder import Folder
from ugvae_tf.serving.saved_model import Signature, read_signatures

COMMITTED = sorted((Path(__file__).parents[1] / "saved_models").glob("*/[0-9]"))
GROUPS_AND_SIZES = [(1, 1), (3, 7), (2, 130)]
VARIANTS = {
    "fixed": {},
    "learned": {"observation_variance": "learned", "expert_variance": "shared"},
    "network": {"observation_variance": "network", "expert_variance": "bounded"},
    "bernoulli": {"likelihood": "bernoulli"},
    "conv": {"body": "conv", "normalisation": "batch"},
}
# All variants of UG-VAE; one variant of each other model, which is made of the same layers.
EXPORTS = [("ug-vae", name, variant) for name, variant in VARIANTS.items()]
RELATIVES = {"beta-vae": "fixed", "nested-vae": "learned", "ml-vae": "network", "gm-vae": "bernoulli", "vae": "conv"}
EXPORTS += [(model, name, VARIANTS[name]) for model, name in RELATIVES.items()]
EXPORTS += [
    ("ug-vae", "extended", EXTENDED),
    ("ml-vae", "extended", {"global_prior": "learned", "prior_expert": True, "expert_subset": "random"}),
    ("gm-vae", "extended", {"component_posterior": "optimal"}),
]


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


def test_no_model_is_left_out():
    assert {name for name, _, _ in EXPORTS} == set(MODELS)


def calls_of(model) -> list[tuple[str, dict[str, np.ndarray]]]:
    """Every signature for groups of every size, and at the end the configuration of two groups."""
    calls = [
        (signature, inputs(specs, groups, size))
        for signature, (_, specs) in model.signatures().items()
        for groups, size in GROUPS_AND_SIZES
    ]
    return [*calls, ("config", {"group_sizes": np.array([5, 5], np.int32)})]


@pytest.fixture(scope="module")
def answered(exported):
    """What one C++ process answered for every export, or said of it, by the place in EXPORTS."""
    made = (exported(model=name, **variant) for name, _, variant in EXPORTS)
    return ask_all([(folder / "1", calls_of(model)) for model, folder in made])


@pytest.mark.slow
@pytest.mark.parametrize("place", range(len(EXPORTS)), ids=[f"{model}-{name}" for model, name, _ in EXPORTS])
def test_the_cpp_loader_answers_as_the_keras_model_does(exported, answered, place):
    name, _, variant = EXPORTS[place]
    model, folder = exported(model=name, **variant)
    assert faults(folder / "1", contract(model.config, model.image_shape)) == []
    assert isinstance(answered[place], Answers), answered[place]
    *found, configuration = answered[place].outputs
    text = (folder / "1" / "assets.extra" / "config.json").read_text()
    assert list(configuration["config_json"]) == [text, text] and '\\u00e4 and \\"quotes' in text
    *calls, _ = calls_of(model)
    functions = model.signatures()
    for (signature, given), answer in zip(calls, found, strict=True):
        function, specs = functions[signature]
        right = function(*(given[spec.name] for spec in specs))
        assert set(answer) == set(right)
        for key, value in right.items():
            np.testing.assert_allclose(answer[key], value, atol=1e-5, rtol=1e-5, err_msg=f"{signature}/{key}")


def calls_of_committed(version: Path) -> list[tuple[str, dict[str, np.ndarray]]]:
    return [
        (name, inputs(specs(signature), groups, size))
        for name, signature in read_signatures(version).items()
        for groups, size in GROUPS_AND_SIZES
    ]


@pytest.fixture(scope="module")
def committed():
    """What one C++ process answered for every committed model, or said of it."""
    return ask_all([(version, calls_of_committed(version)) for version in COMMITTED])


@pytest.mark.slow
@pytest.mark.parametrize("version", COMMITTED, ids=lambda version: f"{version.parent.name}/{version.name}")
def test_the_committed_models_hold(committed, version):
    text = (version / "assets.extra" / "config.json").read_text()
    image_shape = tuple(json.loads(text)["image_shape"])
    promised = contract(configuration.from_json(text).model, image_shape)
    if "global_prior" not in read_signatures(version):
        promised = of_older_export(promised)
    assert faults(version, promised) == []
    folder, answers = Folder(version), committed[COMMITTED.index(version)]
    assert isinstance(answers, Answers), answers
    for (name, given), answer in zip(calls_of_committed(version), answers.outputs, strict=True):
        expected = folder.call(name, given)
        assert set(answer) == set(expected)
        for key, value in expected.items():
            if name == "config":
                assert set(answer[key]) == {text}
            else:
                np.testing.assert_allclose(answer[key], value, atol=1e-5, rtol=1e-5, err_msg=f"{name}/{key}")
