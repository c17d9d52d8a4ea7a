"""Names of components: from a label of the training images, and as an asset of an export."""

import json
import shutil

import numpy as np
import pytest

from ugvae_tf.codes import Codes
from ugvae_tf.datasets.grouping import Grouping
from ugvae_tf.datasets.image_set import ImageSet
from ugvae_tf.errors import UserError
from ugvae_tf.serving import checksums, naming
from ugvae_tf.serving.component_names import NAME, ComponentNames, read_names, write_names
from ugvae_tf.serving.served_model import ServedModel

NAMES = ComponentNames("letter", ["b", None, "ä", "b", "ä", "b"], [1.0, 0.0, 0.75, 0.5, 0.5, 1.0], {"ä": 2, "b": 0})


def images(count: int = 60, **labels) -> ImageSet:
    """Images of 1x1 pixels, whose values are their places."""
    pixels = np.arange(count, dtype=np.uint8).reshape(-1, 1, 1, 1)
    return ImageSet(pixels, {name: np.asarray(values)[:count] for name, values in labels.items()})


def encoder(component_of_place: np.ndarray, components: int):
    """An encoder that gives every image the component of its place; padding is in the last one."""

    def encode(groups: np.ndarray, sizes: np.ndarray) -> Codes:
        there = np.arange(groups.shape[1]) < sizes[:, np.newaxis]
        found = np.where(there, component_of_place[groups[..., 0, 0, 0]], components - 1)
        none = np.zeros([len(groups), 0])
        return Codes(none, none, none, none, np.eye(components)[found], sizes)

    return encode


@pytest.mark.parametrize("group_label", [None, "album"])
def test_a_component_has_the_label_that_most_of_its_images_bear(group_label):
    random = np.random.default_rng(0)
    labels, components = random.integers(3, size=60), random.integers(4, size=60)
    data = images(label=labels, album=random.integers(7, size=60))
    found = naming.component_names(encoder(components, 6), data, Grouping(5, label=group_label), 6)
    assert found.label == "label" and len(found.names) == 6 and found.names[4:] == [None, None]
    for d in range(4):
        own = labels[components == d].tolist()
        assert own.count(int(found.names[d])) == max(own.count(value) for value in range(3))
        assert found.shares[d] == pytest.approx(own.count(int(found.names[d])) / len(own), abs=1e-3)
    for value, d in found.components.items():
        own = components[labels == int(value)].tolist()
        assert own.count(d) == max(own.count(other) for other in range(4))


def test_a_sample_of_whole_groups_is_encoded(monkeypatch):
    monkeypatch.setattr(naming, "IMAGES", 20)
    seen = []

    def encode(groups, sizes):
        seen.extend(sizes)
        return encoder(np.zeros(60, int), 2)(groups, sizes)

    naming.component_names(encode, images(label=np.arange(60) % 2), Grouping(6), 2)
    assert seen == [6, 6, 6]


@pytest.mark.parametrize(
    ("labels", "group_label", "expected"),
    [
        ({}, None, None),
        ({"label": [0, 1], "other": ["a", "b"]}, None, "label"),
        ({"character": ["a", "b"], "font": ["x", "x"]}, "font", "character"),
        ({"character": ["a", "a", "b"], "font": ["x", "x", "y"]}, "font", None),
        ({"hair": ["a", "b"], "eyes": ["a", "b"]}, None, None),
        ({"age": [0.5, 0.25], "bald": [True, False], "only": ["a", "a"]}, None, None),
    ],
)
def test_the_label_of_names(labels, group_label, expected):
    assert naming.label_for_names(images(3, **labels), group_label) == expected


def test_a_label_that_is_not_there_is_one_sentence():
    with pytest.raises(UserError, match="no label 'kind': their labels are label"):
        naming.component_names(encoder(np.zeros(60, int), 2), images(label=np.arange(60)), Grouping(6), 2, "kind")


@pytest.mark.slow
def test_names_are_an_asset_with_a_checksum(exported, tmp_path):
    shutil.copytree(exported()[1] / "1", tmp_path / "1")
    assert ServedModel(tmp_path).component_names is None
    write_names(tmp_path / "1", NAMES)
    assert ServedModel(tmp_path).component_names == NAMES
    (tmp_path / "1" / NAME).write_text("changed")
    with pytest.raises(UserError, match=r"component_names.json' is not as it was exported"):
        checksums.check(tmp_path / "1")


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"label": 1, "names": [], "shares": [], "components": {}}']
    + [json.dumps({**vars(NAMES), **change}) for change in ({"shares": [1]}, {"components": {"a": 6}}, {"more": 1})],
)
def test_a_damaged_asset_is_one_sentence(tmp_path, content):
    (tmp_path / NAME).parent.mkdir()
    (tmp_path / NAME).write_text(content)
    with pytest.raises(UserError, match=r"does not name components: delete it"):
        read_names(tmp_path)
