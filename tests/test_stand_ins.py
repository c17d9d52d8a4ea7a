"""The image sets that ship with the package as stand-ins: complete, split by object, and licensed."""

import functools

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from ugvae_tf.config import DataConfig
from ugvae_tf.datasets.grouping import Grouping, held_out_members, label_layout
from ugvae_tf.datasets.loading import load_split
from ugvae_tf.datasets.sources import PREPARED

pytestmark = pytest.mark.slow


@functools.cache
def load(name: str, split: str):
    return load_split(DataConfig(name), split)


IMAGES = {"faces3d": (3000, 1000), "avatars": (1600, 400), "chairs3d": (3552, 912), "cars3d": (1248, 288)}


@pytest.mark.slow
@pytest.mark.parametrize("name", IMAGES)
def test_every_stand_in_has_its_images_labels_and_licence(name):
    splits = [load(name, split) for split in ("train", "held-out")]
    assert tuple(map(len, splits)) == IMAGES[name]
    for split in splits:
        assert split.images.shape[1:] == (64, 64, 3) and split.images.dtype == np.uint8
        assert all(label.shape == (len(split),) for label in split.labels.values())
    assert (PREPARED / name / "LICENSE").read_text("utf-8").startswith(f"{name}: ")


@pytest.mark.slow
@pytest.mark.parametrize("name", IMAGES)
def test_no_image_is_in_both_splits(name):
    train, held_out = ({image.tobytes() for image in load(name, split).images} for split in ("train", "held-out"))
    assert len(train) + len(held_out) == sum(IMAGES[name]) and not train & held_out


@pytest.mark.slow
@pytest.mark.parametrize(("name", "objects"), [("chairs3d", (74, 19)), ("cars3d", (26, 6))])
def test_no_object_is_in_both_splits_and_every_kind_is(name, objects):
    train, held_out = (load(name, split).labels for split in ("train", "held-out"))
    assert (len(set(train["model"])), len(set(held_out["model"]))) == objects
    assert not set(train["model"]) & set(held_out["model"])
    assert set(train["kind"]) == set(held_out["kind"])


@pytest.mark.parametrize("name", ["chairs3d", "cars3d"])
def test_every_object_has_all_its_views(name):
    labels = load(name, "held-out").labels
    views = set(zip(labels["model"], labels["azimuth"].round(3), labels["elevation"].round(3), strict=True))
    assert len(views) == len(labels["model"]) == 48 * len(set(labels["model"]))


# Of images of known labels, taken from the arrays that the sets were made from.
MEANS = [
    ("faces3d", {"age": 0.1519, "male": 0}, [186.72, 168.19, 152.92]),
    ("faces3d", {"age": 0.7480, "smiling": 1}, [176.19, 156.95, 146.24]),
    ("avatars", {"eyes": 1, "hair": 8, "hair_color": 1, "mouth": 3, "skin": 2}, [151.83, 130.73, 121.17]),
    ("avatars", {"eyes": 0, "hair": 10, "hair_color": 9, "mouth": 6, "skin": 0}, [248.7, 204.65, 183.2]),
    ("chairs3d", {"model": 15, "azimuth": 3.6652, "elevation": 0.3491}, [241.39, 241.85, 237.6]),
    ("chairs3d", {"model": 22, "azimuth": 0.5236, "elevation": 0.5236}, [193.02, 178.38, 175.12]),
    ("cars3d", {"model": 20, "azimuth": 1.5708, "elevation": 0.3491}, [237.81, 221.14, 220.94]),
    ("cars3d", {"model": 25, "azimuth": 5.4978, "elevation": 0.5236}, [211.43, 213.88, 225.77]),
]


@pytest.mark.parametrize(("name", "labels", "mean"), MEANS)
def test_a_known_image_is_the_one_that_was_rendered(name, labels, mean):
    split, features = load(name, "held-out"), tfds.builder(name, data_dir=PREPARED).info.features

    def matches(key: str, value: float) -> np.ndarray:
        if isinstance(features[key], tfds.features.ClassLabel):
            return split.labels[key] == features[key].names[value]
        return np.isclose(split.labels[key], value, atol=5e-5)

    (index,) = np.flatnonzero(np.all([matches(*item) for item in labels.items()], axis=0))
    assert split.images[index].mean(axis=(0, 1)) == pytest.approx(
        mean, abs=1.5 if name == "faces3d" else 0.01
    )  # faces3d is JPEG


def test_names_of_classes_are_kept():
    features = tfds.builder("faces3d", data_dir=PREPARED).info.features
    assert features["hair_color"].names == ["black", "brown", "blond", "gray", "red"]
    assert features["male"].dtype == np.bool_ and features["age"].dtype == np.float32
    assert "torcs/baja-bug" in tfds.builder("cars3d", data_dir=PREPARED).info.features["model"].names


@pytest.mark.parametrize(("split", "objects"), [("train", 74), ("held-out", 19)])
def test_groups_by_object_show_every_view_of_every_object(split, objects):
    images, grouping = load("chairs3d", split), Grouping(8, 4, label="model")
    assert images.steps_per_epoch(grouping) == -(-objects * 6 // 4)
    members = (
        label_layout(images.group_label("model"), grouping).members(tf.constant(0, tf.int64)).numpy().reshape(-1, 8)
    )
    assert sorted(set(members.ravel())) == list(range(48 * objects))
    assert all(len(set(images.labels["model"][group])) == 1 for group in members)
    held_out = held_out_members(len(images), grouping, images.group_label("model"))
    assert held_out.shape == (6 * objects, 8) and sorted(held_out.ravel()) == list(range(48 * objects))
