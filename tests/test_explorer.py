"""The local server of the explorer: what it answers, and to whom; and the page as one text."""

import http.client
import json
import re
import socket
import threading

import numpy as np
import pytest
from small_models import COLOUR_SHAPE, EXTENDED

from ugvae_tf.commands.explore import parse_exploration, run
from ugvae_tf.errors import UserError
from ugvae_tf.explorer import page_text, server
from ugvae_tf.explorer.answers import answers_of
from ugvae_tf.explorer.tensors import Tensors

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def listening(served):
    """A server on a free port, of a small model and a short page."""
    found = server.bound(0)
    found.answers = answers_of(served(**EXTENDED), "<p>page</p>", 2, lambda group: ("image/png", b"%d" % group))
    thread = threading.Thread(target=found.serve_forever, args=[0.01])
    thread.start()
    yield found
    found.shutdown()
    found.server_close()
    thread.join()


def asked(listening, path="/", content=None, **headers):
    """Status, headers and body of the answer to a GET, or to a POST of JSON."""
    connection = http.client.HTTPConnection(server.HOST, listening.server_port, timeout=10)
    method, body = ("GET", None) if content is None else ("POST", json.dumps(content))
    sent = {**({} if content is None else JSON), **{name.replace("_", "-"): text for name, text in headers.items()}}
    connection.request(method, path, body, sent)
    answer = connection.getresponse()
    try:
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def test_decoded_images_and_components_are_those_of_the_model(listening, served):
    model, random = served(**EXTENDED), np.random.default_rng(0)
    beta, z = (random.normal(size=shape).astype(np.float32) for shape in (4, (5, 3)))
    status, _, body = asked(listening, "/decode", {"z": z.tolist(), "beta": beta.tolist()})
    images = np.frombuffer(body, np.uint8).reshape(5, *COLOUR_SHAPE) / 255
    assert status == 200
    np.testing.assert_allclose(images, model.decode(z[None], beta[None])["image_mean"][0], atol=0.501 / 255)
    found = json.loads(asked(listening, "/prior", {"beta": beta.tolist()})[2])
    expected = model.prior(beta[None])
    assert set(found) == set(expected) == {"z_mean", "z_stddev", "component_probs"}
    for name, values in found.items():
        np.testing.assert_allclose(values, expected[name][0], rtol=1e-5, atol=1e-6)


def test_the_page_and_the_images_of_groups_are_all_that_can_be_read(listening):
    status, headers, body = asked(listening)
    assert (status, body, headers.get_content_type()) == (200, b"<p>page</p>", "text/html")
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin" and headers["X-Frame-Options"] == "DENY"
    assert asked(listening, "/groups/1")[2] == b"1"
    for path in ("/groups/2", "/etc/passwd", "/../setup.py", "//etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/decode"):
        assert asked(listening, path)[0] == 404, path


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1:1"},
        {"Host": "localhost"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://127.0.0.1"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
)
def test_pages_of_other_sites_are_refused(listening, headers):
    beta = {"beta": [0.0] * 4}
    assert asked(listening, **headers)[0] == asked(listening, "/prior", beta, **headers)[0] == 403
    own = f"http://localhost:{listening.server_port}"
    assert asked(listening, "/prior", beta, Origin=own, Host=own[7:], Sec_Fetch_Site="same-origin")[0] == 200


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("/prior", {}),
        ("/prior", [1, 2]),
        ("/prior", {"beta": [0.0] * 3}),
        ("/prior", {"beta": [[0.0] * 4]}),
        ("/prior", {"beta": [0.0, 0.0, 0.0, float("nan")]}),
        ("/prior", {"beta": ["a"] * 4}),
        ("/decode", {"beta": [0.0] * 4, "z": []}),
        ("/decode", {"beta": [0.0] * 4, "z": [[0.0] * 3, [0.0]]}),
        ("/decode", {"beta": [0.0] * 4, "z": [[0.0] * 3] * 5000}),
    ],
)
def test_other_content_is_refused_in_one_sentence(listening, path, content):
    status, _, body = asked(listening, path, content)
    assert status == 400 and re.fullmatch(r"[^\n]+\.", body.decode())


def test_a_form_of_another_page_cannot_call_the_model(listening):
    """A form can send any text, but not as application/json."""
    assert asked(listening, "/prior", {"beta": [0.0] * 4}, Content_Type="text/plain")[0] == 400


def test_only_this_machine_can_connect(listening):
    assert listening.server_address[0] == "127.0.0.1"


def test_a_port_that_is_taken_is_one_sentence_before_anything_is_loaded():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=rf"Port {port} of 127.0.0.1 cannot be used .*`port`\.$"):
            run(["no-such-model", "--port", str(port)], "ugvae explore")


def test_images_are_opened_as_in_every_task():
    given = ["--image-size", "28", "--corrupt", "skip", "--memory-limit", "0.5"]
    request = parse_exploration(given).evaluation
    assert (request.image_size, request.corrupt, request.memory_limit) == (28, "skip", 0.5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--port", "70000"], "`port`"),
        (["--groups", "2"], "`groups`"),
        (["--html", "page.txt"], "must end in .html"),
        (["--html", "/nowhere/page.html"], "/nowhere is no folder"),
        (["http://localhost:8501/v1/models/mnist", "--html", "page.html"], "needs the weights"),
        (["--prot", "1"], "did you mean --port"),
    ],
)
def test_impossible_requests(arguments, message):
    with pytest.raises(UserError, match=message):
        parse_exploration(arguments)


def test_no_text_of_a_data_set_can_end_the_element_that_it_is_in():
    text = page_text.page({"facts": {"names": ["</script><script>alert(1)</script>", "<!--script-->"]}}, is_served=True)
    assert text.count("<script") == text.count("</script>") == 2
    content = re.search(r'<script type="application/json" id="data">(.*?)</script>', text)[1]
    assert json.loads(content)["facts"]["names"][0].startswith("</script>")


@pytest.mark.parametrize("is_served", [True, False])
def test_the_page_names_no_other_host(is_served):
    text = page_text.page({"facts": {}}, is_served)
    assert set(re.findall(r"https?://[^\s'\"]+", text)) == {"http://www.w3.org/2000/svg"}, "the name of a namespace"
    assert "src=" not in text and "@import" not in text and "<!--" not in text


def test_tensors_keep_their_numbers_to_16_or_to_8_bits():
    import base64

    random, tensors = np.random.default_rng(0), Tensors()
    small, large = random.normal(size=(5, 7)), random.normal(size=(2**12, 2**7)) * np.arange(1, 2**7 + 1)
    assert (tensors.add(small), tensors.add(large)) == (0, 2)
    content = tensors.content()
    found, raw = content["described"], base64.b64decode(content["bytes"])
    stored = np.frombuffer(raw, "<f2", 35, found[0]["at"]).reshape(5, 7)
    np.testing.assert_allclose(stored, small, rtol=1e-3)
    scales = np.frombuffer(raw, "<f2", 2**7, found[found[2]["scales"]]["at"]).astype(float)
    stored = np.frombuffer(raw, np.int8, large.size, found[2]["at"]).reshape(large.shape) * scales
    assert (np.abs(stored - large) <= 0.51 * scales + 1e-3 * np.abs(large)).all()
