"""Answers of a server that is broken or hostile: one sentence each, within limits of time and size."""

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import requests
from small_models import random_images
from stub_model import Model
from stub_server import rest_server

from ugvae_tf.errors import UserError
from ugvae_tf.serving import answers, exchange, rest
from ugvae_tf.serving.address import ServerAddress
from ugvae_tf.serving.served_model import ServedModel


@contextmanager
def server(respond):
    """The address of a server that answers every request by `respond(handler)`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            respond(self)

        def log_message(self, *_):
            pass

    found = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.daemon_threads = True
    threading.Thread(target=found.serve_forever, args=[0.01], daemon=True).start()
    try:
        yield f"http://127.0.0.1:{found.server_port}/v1/models/tiny"
    finally:
        found.shutdown()
        found.server_close()


def says(body: bytes):
    def respond(handler):
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(body)

    return respond


def drips(handler):
    """A byte at a time, so that no time limit between two bytes ends it."""
    handler.send_response(200)
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.05)


def test_an_answer_that_never_ends_is_told_in_time(monkeypatch):
    monkeypatch.setattr(rest, "SECONDS_TO_CONNECT", 0.2)
    monkeypatch.setattr(rest, "SECONDS_TO_ANSWER", 0.3)
    began = time.monotonic()
    with server(drips) as address, pytest.raises(UserError, match="does not answer in time"):
        ServedModel(address)
    assert time.monotonic() - began < 3


def test_an_answer_without_end_is_told_before_it_fills_the_memory(monkeypatch):
    monkeypatch.setattr(exchange, "MAX_BYTES", 1000)
    with server(says(b"[" * 3000)) as address, pytest.raises(UserError, match=r"is too large .more than 1000 bytes"):
        ServedModel(address)


STRANGE = [
    b"[" * 100_000,
    b'{"model_spec": {"version": "1"}, "metadata": {"signature_def": {"signature_def": []}}}',
    b'{"model_spec": {"version": "1"}, "metadata": {"signature_def": {"signature_def": {"a": [1]}}}}',
    b'{"model_spec": {"version": [1]}}',
    b'{"model_spec": {"version": 1e999}}',
    b"\xff\xfe",
    b"NaN",
]


@pytest.mark.parametrize("body", STRANGE)
def test_json_of_another_form_is_told(body):
    with server(says(body)) as address, pytest.raises(UserError, match="is not one of TensorFlow Serving"):
        ServedModel(address)


GROUPS = {"images": np.zeros([2, 3, 7, 5, 1]), "group_sizes": np.ones(2)}
WRONG = {
    "has shape": [[[1.0] * 4] * 2, [[[1.0] * 4] * 3] * 3, [[[1.0] * 5] * 3] * 2, 1.0, [[[]] * 3] * 2],
    "no numbers": [[[["a"] * 4] * 3] * 2, [[[None] * 4] * 3] * 2, [[[True] * 4] * 3] * 2, {"a": 1}],
    "not finite": [[[[np.nan] * 4] * 3] * 2, [[[1e300] * 4] * 3] * 2, [[[np.inf] * 4] * 3] * 2],
}


@pytest.mark.parametrize(("told", "value"), [(told, value) for told, values in WRONG.items() for value in values])
def test_a_value_that_does_not_fit_its_signature_is_told(told, value):
    with pytest.raises(ValueError, match=told):
        answers.array(value, (None, None, 4), GROUPS)


def test_values_that_fit_are_float32():
    found = answers.array([[[1, 2, 3, 4]] * 3] * 2, (None, None, 4), GROUPS)
    assert found.dtype == np.float32 and found.shape == (2, 3, 4)
    assert answers.array([[1.5], [2.5]], (None, 1), {"group_sizes": np.ones(2)}).shape == (2, 1)
    with pytest.raises(ValueError):
        answers.array([[1.0], [2.0, 3.0]], (None, None), GROUPS)


@pytest.mark.slow
@pytest.mark.parametrize("fault", [lambda codes: codes * np.nan, lambda codes: codes[:, :1], lambda codes: codes[:1]])
def test_a_server_whose_codes_are_wrong_is_told(exported, fault):
    _, folder = exported(model="ug-vae")
    model = Model("tiny", folder / "1")
    encode = model.functions["serving_default"]
    model.functions = dict(model.functions.items())
    model.functions["serving_default"] = lambda images: (
        encode(images=images) | {"beta_mean": fault(encode(images=images)["beta_mean"])}
    )
    with (
        rest_server(model) as address,
        pytest.raises(UserError, match="to 'serving_default' is wrong: 'beta_mean' has"),
    ):
        ServedModel(address).encode(random_images(2, 3))


def test_a_password_in_the_address_is_sent_and_not_shown():
    seen = []

    def respond(handler):
        seen.append(handler.headers["Authorization"])
        handler.send_response(404)
        handler.end_headers()
        handler.wfile.write(json.dumps({"error": "no\n\x1b[31m" + 1000 * "x"}).encode())

    with server(respond) as address, pytest.raises(UserError) as caught:
        ServedModel(address.replace("//", "//me:s3cret@"))
    assert seen == [requests.auth._basic_auth_str("me", "s3cret")]
    assert "s3cret" not in str(caught.value) and "\n" not in str(caught.value) and len(str(caught.value)) < 500
    assert "\x1b" not in str(caught.value)
    with pytest.raises(UserError, match=r"^http://host/x is not the address"):
        ServerAddress.parse("http://me:s3@cret@host/x")
