"""A model on a server is the model in its folder: the same numbers, and mistakes are told."""

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from small_models import random_images, small_config
from stub_model import Model
from stub_server import rest_server

from ugvae_tf import config as configuration
from ugvae_tf.commands.evaluate import EvaluationRequest, parse_evaluation
from ugvae_tf.config import Config, DataConfig
from ugvae_tf.errors import UserError
from ugvae_tf.models import build_model
from ugvae_tf.reporting.report import evaluate_all
from ugvae_tf.serving import export, rest
from ugvae_tf.serving.served_model import ServedModel
from ugvae_tf.tasks.request import ALL
from ugvae_tf.tasks.run import TASKS

pytestmark = pytest.mark.usefixtures("coarse")


IMAGE_SHAPE = (7, 5, 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, tiny_data_dir):
    """A model of the tiny data set, untrained."""
    folder = tmp_path_factory.mktemp("models") / "tiny"
    folder.mkdir()
    config = Config(data=DataConfig("tiny", str(tiny_data_dir), group_size=5), model=small_config())
    keras.utils.set_random_seed(0)
    model = build_model(config.model, IMAGE_SHAPE)
    model.build()
    export.export_version(
        model, folder / "3", configuration.to_json(config, image_shape=IMAGE_SHAPE), config.data.group_size
    )
    return folder


@pytest.fixture(scope="module")
def url(folder):
    with rest_server(Model("tiny", folder / "3")) as address:
        yield address


@pytest.fixture(scope="module")
def results(tmp_path_factory, folder, url):
    """The folders with what all tasks found in the folder, and on the server."""
    outputs = [tmp_path_factory.mktemp(name) for name in ("local", "remote")]
    for address, output in zip((folder, url), outputs, strict=True):
        settings = {"groups": 12, "group_size": "3-5", "seeds": 2, "group_by": "label", "samples": 7}
        evaluate_all(EvaluationRequest(ALL, str(address), output_dir=str(output), **settings))
    return [output / "evaluations" for output in outputs]


def record(results, task: str) -> dict:
    """What metrics.json says, and which figures there are."""
    figures = {path.name for path in (results / task).iterdir()}
    return {**json.loads((results / task / "metrics.json").read_text()), "figures": figures}


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
def test_every_task_finds_on_a_server_what_it_finds_in_the_folder(results, folder, url, task):
    local, remote = (record(found, task) for found in results)
    assert (local.pop("saved_model"), remote.pop("saved_model")) == (str(folder), url)
    assert local.keys() == remote.keys()
    for name, value in local.items():
        assert remote[name] == (pytest.approx(value, rel=1e-5) if isinstance(value, float) else value), name


def test_a_served_model_is_the_same_by_rest_in_parts_of_any_size(monkeypatch, folder, url):
    monkeypatch.setattr(rest, "NUMBERS_PER_CALL", 200)
    here, there = ServedModel(folder), ServedModel(url)
    assert (there.name, there.version, there.config) == (here.name, here.version, here.config) and here.version == 3
    assert there.signatures.keys() == here.signatures.keys()
    images = (random_images(4, 3, image_shape=IMAGE_SHAPE) * 255).astype(np.uint8)
    for name, inputs in {"serving_default": {"images": images}, "experts": {"images": images}}.items():
        for key, value in here.call(name, **inputs).items():
            np.testing.assert_allclose(there.call(name, **inputs)[key], value, rtol=1e-5, atol=1e-6)
    assert ServedModel(f"{url}/versions/3/").version == 3


def test_results_of_a_server_lie_where_those_of_a_folder_of_its_name_would():
    address = "http://localhost:8501/v1/models/mnist"
    assert EvaluationRequest("traversal", address).results("mnist") == Path("saved_models/mnist/evaluations/traversal")
    assert EvaluationRequest("traversal", "a/b").results("b") == Path("a/b/evaluations/traversal")
    assert EvaluationRequest("traversal", "a/b", output_dir="c").results("b") == Path("c/evaluations/traversal")


@pytest.mark.parametrize(
    "address",
    [
        "http://localhost:8501",
        "http://localhost:8501/v1/models/",
        "http://localhost:8501/v1/models/mnist:predict",
        "http://localhost:8501/v1/models/mnist/versions/new",
        "ftp://localhost/v1/models/mnist",
        "grpc://localhost:8500",
    ],
)
def test_an_address_that_is_no_models_is_told_before_any_work(address):
    with pytest.raises(UserError, match="not the address of a model on a server: give http://HOST:8501/v1/models/NAME"):
        parse_evaluation(["--task", "composition", "--saved-model", address])


def test_a_server_that_is_not_there_is_told():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with pytest.raises(UserError, match="cannot be reached: check that the server is running"):
        ServedModel(f"http://127.0.0.1:{port}/v1/models/tiny")


def test_a_server_that_does_not_answer_is_told(monkeypatch):
    monkeypatch.setattr(rest, "SECONDS_TO_ANSWER", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(UserError, match="does not answer in time"):
        ServedModel(f"http://127.0.0.1:{silent.getsockname()[1]}/v1/models/tiny")


@pytest.mark.parametrize(("name", "told"), [("other", "status 404: Servable not found"), ("tiny/versions/9", "404")])
def test_a_model_that_the_server_does_not_have_is_told(url, name, told):
    with pytest.raises(UserError, match=told):
        ServedModel(url.replace("tiny", name))


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"model_spec": {"version": "1"}}'])
def test_another_server_than_tensorflow_serving_is_told(body):
    class Other(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Other)
    threading.Thread(target=server.handle_request).start()
    with pytest.raises(UserError, match="is not one of TensorFlow Serving"):
        ServedModel(f"http://127.0.0.1:{server.server_port}/v1/models/tiny")
    server.server_close()


def test_a_model_that_does_not_tell_its_configuration_is_told(folder):
    model = Model("tiny", folder / "3")
    del model.definitions["config"]
    with rest_server(model) as address, pytest.raises(UserError, match="no signature 'config'"):
        ServedModel(address)


@pytest.mark.parametrize("text", ["{", "{}"])
def test_a_server_with_the_model_of_another_package_is_told(folder, text):
    model = Model("tiny", folder / "3")
    model.functions = {"config": lambda group_sizes: {"config_json": tf.fill(tf.shape(group_sizes), text)}}
    with (
        rest_server(model) as address,
        pytest.raises(UserError, match=f"{address} is not a SavedModel that ugvae_tf exported"),
    ):
        ServedModel(address)


def test_an_input_that_the_model_does_not_take_is_told(url):
    with pytest.raises(UserError, match="takes beta in its signature 'prior', not images"):
        ServedModel(url).call("prior", images=np.zeros([1, 2], np.float32))
