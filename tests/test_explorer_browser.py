"""The explorer in a real browser: sliders, links, text and map, from the local server and from one file."""

import json
import shutil
import threading
from dataclasses import replace

import numpy as np
import pytest
from browser import CHROMIUM, Browser
from small_models import COLOUR_SHAPE, CONV_SHAPE, EXTENDED

from ugvae_tf.errors import UserError
from ugvae_tf.explorer import run, server
from ugvae_tf.explorer.network import network_of
from ugvae_tf.explorer.request import ExploreRequest
from ugvae_tf.serving.component_names import ComponentNames, write_names
from ugvae_tf.serving.served_model import ServedModel

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt-get install chromium"),
]
NAMES = ComponentNames("letter", ["a", "b", None, "c", "a", "b"], [0.5] * 6, {"a": 4, "b": 1, "c": 3})
CLOSE = 1.01 / 255  # of pixels: a byte is rounded
CLOSE_IN_FILE = 3 / 255


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture(scope="module")
def request_for(exported, tmp_path_factory):
    """A request for a small model with named components, and for images of nine owners."""
    folder, random = tmp_path_factory.mktemp("explored"), np.random.default_rng(0)
    shutil.copytree(exported(image_shape=COLOUR_SHAPE, **EXTENDED)[1], folder / "model")
    write_names(folder / "model" / "1", NAMES)
    owners = np.array([f"owner {number % 9}" for number in range(90)])
    np.savez(
        folder / "own.npz",
        image=random.integers(256, size=(90, *COLOUR_SHAPE), dtype=np.uint8),
        owner=owners,
        half=np.arange(90) % 2,
    )

    def made(**settings):
        own = {"dataset": "npz", "data_dir": str(folder / "own.npz"), "group_by": "owner", "group_size": "4"}
        return ExploreRequest(saved_model=str(folder / "model"), **{**own, **settings}).checked()

    return made


@pytest.fixture(scope="module")
def address(request_for):
    listening = server.bound(0)
    thread = threading.Thread(target=run.serve, args=[request_for(), listening])
    thread.start()
    yield listening.address
    listening.shutdown()
    listening.server_close()
    thread.join()


@pytest.fixture(scope="module")
def file(request_for, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "page.html"
    assert str(path) in run.write(request_for(html=str(path)))
    return path.as_uri()


def test_a_label_with_two_groups_is_one_sentence(request_for, tmp_path):
    with pytest.raises(UserError, match="needs 3 groups, and the held-out images have 2: choose another `group_by`"):
        run.write(request_for(html=str(tmp_path / "page.html"), group_by="half"))


def press(browser, element, key, times=1):
    """Keys on the element that has the focus, as a user presses them."""
    browser.run(f"document.getElementById('{element}').focus()")
    for _ in range(times):
        for kind in ("keyDown", "keyUp"):
            code = {"ArrowRight": 39, "ArrowLeft": 37, "ArrowUp": 38}[key]
            browser.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code)
    browser.wait("document.body.dataset.state === 'drawn'")


def picture(browser):
    """The pixels of the image [H, W, C] in [0, 1]."""
    script = "(() => { const c = document.getElementById('picture'); return Array.from(c.getContext('2d')"
    pixels = browser.run(script + ".getImageData(0, 0, c.width, c.height).data); })()")
    return np.array(pixels).reshape(*COLOUR_SHAPE[:2], 4)[..., :3] / 255


def expected(browser, model, offset, share, d):
    """The image that the model decodes for a place on the first axis of beta and between two groups."""
    facts = browser.value("facts")
    ends = [np.array(facts["groups"]["betas"][group]) for group in browser.value("ends()")]
    axis = facts["beta"]
    beta = (1 - share) * ends[0] + share * ends[1]
    beta = (beta + offset * axis["stddevs"][0] * np.array(axis["directions"][0])).astype(np.float32)[np.newaxis]
    z = model.prior(beta)["z_mean"][:, d : d + 1]
    return model.decode(z, beta)["image_mean"][0, 0]


@pytest.mark.parametrize("place", ["address", "file"])
def test_keys_move_sliders_and_the_picture_is_what_the_model_decodes(browser, request_for, request, place):
    where, model = request.getfixturevalue(place), ServedModel(request_for().saved_model)
    browser.errors.clear(), browser.requests.clear()
    browser.open(where)
    first, close = picture(browser), CLOSE if place == "address" else CLOSE_IN_FILE
    np.testing.assert_allclose(first, expected(browser, model, 0, 0, d=4), atol=close)
    press(browser, "beta-0", "ArrowRight", 20)
    moved = picture(browser)
    assert np.abs(moved - first).max() > 10 / 255, "the slider has no visible effect"
    np.testing.assert_allclose(moved, expected(browser, model, 2, 0, d=4), atol=close)
    press(browser, "t", "ArrowRight", 30)
    np.testing.assert_allclose(picture(browser), expected(browser, model, 2, 0.3, d=4), atol=close)
    spoken = browser.run("document.getElementById('beta-0').getAttribute('aria-valuetext')")
    assert spoken == "+2.0 sd" and browser.run("document.getElementById('t').labels.length") == 1
    assert browser.errors == []
    own = ("data:", where) if place == "address" else ("data:", "file:")
    assert browser.requests and all(each.startswith(own) for each in browser.requests)


def test_a_link_restores_the_view(browser, address):
    browser.open(address)
    press(browser, "t", "ArrowRight", 40)
    press(browser, "z-1", "ArrowLeft", 7)
    browser.run("Object.assign(document.getElementById('words'), {value: 'cab d'}).dispatchEvent(new Event('input'))")
    browser.wait("document.getElementById('words-note').textContent")
    browser.wait("document.querySelector('#text a.link').href.includes('text=cab')")
    before, link = picture(browser), browser.run("document.querySelector('#text a.link').href")
    browser.call("Page.navigate", url="about:blank")  # else only the part after # changes
    browser.wait("location.href === 'about:blank'")
    browser.open(link)
    np.testing.assert_array_equal(picture(browser), before)
    assert browser.run("document.activeElement.id") == "text", "the keyboard continues there"
    assert browser.run("document.getElementById('z-1').value") == "-0.7"
    assert browser.run("document.getElementById('words').value") == "cab d"
    assert (
        browser.run("document.getElementById('words-note').textContent") == "No component bears the name d: left out."
    )
    assert browser.run("document.getElementById('line').width") == 3 * COLOUR_SHAPE[1] + 2, "three letters and a space"


def test_the_map_shows_the_nearest_groups_of_a_point(browser, address):
    browser.open(address)
    browser.run("document.querySelectorAll('#points circle')[1].dispatchEvent(new Event('click'))")
    names = browser.value("[...document.querySelectorAll('#neighbours li button')].map((each) => each.textContent)")
    facts = browser.value("facts.groups")
    assert names == [facts["names"][near] for near in facts["nearest"][1]] and len(names) > 2
    assert browser.run("document.getElementById('group').value") == "1"
    assert browser.run("[...document.images].every((image) => image.alt && image.complete && image.naturalWidth)")
    press(browser, "points", "ArrowRight")
    press(browser, "points", "ArrowUp")
    assert browser.run("document.getElementById('group').value") != "1"


def test_every_control_has_a_name(browser, address):
    browser.open(address)
    script = "[...document.querySelectorAll('input, select')].filter((e) => !e.labels.length).map((e) => e.id).join()"
    assert browser.run(script) == ""
    script = (
        "[...document.querySelectorAll('canvas:not([aria-hidden]), svg')].filter((e) => !e.ariaLabel).map((e) => e.id)"
    )
    assert browser.run(f"{script}.join()") == ""
    assert browser.run("document.documentElement.scrollWidth <= innerWidth"), "nothing is cut at the side"


def test_parts_that_a_model_lacks_are_left_out(browser, request_for, exported, tmp_path):
    folder = exported(model="gm-vae", image_shape=COLOUR_SHAPE)[1]
    request = replace(request_for(html=str(tmp_path / "page.html")), saved_model=str(folder), groups=3)
    run.write(request)
    browser.errors.clear()
    browser.open((tmp_path / "page.html").as_uri())
    shown = browser.value("[...document.querySelectorAll('main > section')].filter((e) => !e.hidden).map((e) => e.id)")
    assert shown == ["components", "image", "more"] and browser.errors == []


@pytest.mark.parametrize(
    "settings",
    [
        {"body": "conv", "observation_variance": "network", "likelihood": "gaussian"},
        {"model": "gm-vae", "image_shape": COLOUR_SHAPE},
        {"body": "gated"},
    ],
    ids=lambda settings: "-".join(map(str, settings.values())),
)
def test_the_network_of_the_file_computes_what_the_model_computes(browser, file, exported, settings):
    folder = exported(**settings)[1]
    model, random = ServedModel(folder), np.random.default_rng(1)
    sizes = model.settings.model
    beta = random.normal(size=[1, sizes.global_size]).astype(np.float32)
    z = random.normal(size=[1, 4, sizes.local_size]).astype(np.float32)
    if browser.run("typeof Network") != "function":
        browser.open(file)
    network = json.dumps(network_of(model, folder))
    prior = json.loads(browser.run(f"new Network({network}).prior({beta[0].tolist()}).then(JSON.stringify)"))
    for name, values in model.prior(beta).items():
        np.testing.assert_allclose(prior[name], values[0], rtol=0.01, atol=0.01, err_msg=name)
    found = browser.run(f"new Network({network}).decode({z[0].tolist()}, {beta[0].tolist()}).then(a => Array.from(a))")
    images = model.decode(z, beta)["image_mean"]
    differences = np.abs(np.reshape(found, images.shape) / 255 - images)
    assert differences.mean() < CLOSE / 2 and differences.max() < 10 * CLOSE, "the weights have 16 bits"
    assert images.std() > 0.01 and (settings.get("body") != "conv" or images.shape[2:] == CONV_SHAPE)
