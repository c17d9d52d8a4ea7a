"""The clients in examples/, run as their readers run them, against both interfaces of a server."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import requests
from PIL import Image
from small_models import moved, small_model
from stub_model import Model
from stub_server import grpc_server, rest_server

from ugvae_tf.config import Config, to_json
from ugvae_tf.serving import export
from ugvae_tf.serving.saved_model import version_folder
from ugvae_tf.serving.served_model import ServedModel

ROOT = Path(__file__).parents[1]
COMMITTED = version_folder(ROOT / "saved_models" / "mnist")
SIZES = {"evening": 4, "morning": 130, "noon": 1}


@pytest.fixture(scope="module")
def model():
    return Model("mnist", COMMITTED)


@pytest.fixture(scope="module")
def groups(tmp_path_factory):
    """A folder with a sub-folder of pictures for each group, and the pictures themselves [B, 28, 28, 1]."""
    folder, random, images = tmp_path_factory.mktemp("groups"), np.random.default_rng(0), {}
    for name, size in SIZES.items():
        (folder / name).mkdir()
        images[name] = random.integers(256, size=(size, 28, 28, 1), dtype=np.uint8)
        for place, image in enumerate(images[name]):
            Image.fromarray(image[:, :, 0]).save(folder / name / f"{place:03}.png")
    return folder, images


def run(example, *arguments) -> dict[str, np.ndarray]:
    """What an example prints: on every line a name and numbers."""
    command = [sys.executable, ROOT / "examples" / example, *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    lines = [line.split() for line in result.stdout.splitlines()]
    return {name: np.array(numbers, float) for name, *numbers in lines}


def assert_codes(found, images):
    served = ServedModel(COMMITTED)
    assert list(found) == list(SIZES)
    for name, code in found.items():
        np.testing.assert_allclose(code, served.encode(images[name][None]).beta_mean[0], rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_groups_of_unequal_size_are_coded_by_rest(model, groups):
    folder, images = groups
    with rest_server(model) as url:
        assert_codes(run("serving_rest.py", folder, url), images)


@pytest.mark.slow
def test_groups_are_coded_by_grpc(model, groups):
    folder, images = groups
    with grpc_server(model) as address:
        assert_codes(run("serving_grpc.py", folder, address, "mnist"), images)


@pytest.mark.slow
def test_a_group_in_several_requests_has_the_code_of_the_whole(model, groups):
    folder, images = groups
    with rest_server(model) as url:
        found = run("serving_shards.py", folder / "morning", url)
    whole = ServedModel(COMMITTED).encode(images["morning"][None])
    np.testing.assert_allclose(found["mean"], whole.beta_mean[0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found["stddev"], whole.beta_stddev[0], rtol=1e-5)


@pytest.mark.slow
def test_shards_of_a_model_with_p_beta_as_an_expert_have_the_code_of_the_whole(tmp_path):
    keras_model = moved(small_model(image_shape=(7, 5, 1), global_prior="learned", prior_expert=True))
    export.export_version(keras_model, tmp_path / "1", to_json(Config(model=keras_model.config), image_shape=(7, 5, 1)))
    images = np.random.default_rng(0).integers(256, size=(103, 7, 5), dtype=np.uint8)
    (tmp_path / "images").mkdir()
    for place, image in enumerate(images):
        Image.fromarray(image).save(tmp_path / "images" / f"{place:03}.png")
    with rest_server(Model("extended", tmp_path / "1")) as url:
        found = run("serving_shards.py", tmp_path / "images", url)
    whole = ServedModel(tmp_path).encode(images[None, ..., None])
    np.testing.assert_allclose(found["mean"], whole.beta_mean[0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found["stddev"], whole.beta_stddev[0], rtol=1e-5)


def test_rows_and_columns_give_the_same_codes(model):
    images = np.random.default_rng(0).random((2, 3, 28, 28, 1), np.float32).tolist()
    with rest_server(model) as url:
        columns = requests.post(f"{url}:predict", json={"inputs": {"images": images}}).json()["outputs"]
        rows = requests.post(f"{url}:predict", json={"instances": images}).json()["predictions"]
    for key, value in columns.items():
        np.testing.assert_allclose([row[key] for row in rows], value, rtol=1e-6)
