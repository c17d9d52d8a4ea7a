"""CelebA and Cars196 from folders in TFDS's true format: its own features, filled with generated images."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from ugvae_tf.config import DataConfig
from ugvae_tf.datasets.loading import load_split
from ugvae_tf.errors import UserError

SIZES = {"train": 7, "validation": 3, "test": 5}


def prepare(name: str, version: str, folder, example) -> None:
    """Store `example(random)` as often as SIZES says, with the features of TFDS's own builder of that name."""
    features = tfds.builder(name, data_dir=folder).info.features
    random = np.random.default_rng(0)
    splits = {split: [(key, example(random, features)) for key in range(count)] for split, count in SIZES.items()}
    tfds.dataset_builders.store_as_tfds_dataset(
        name=name, version=version, features=features, split_datasets=splits, data_dir=folder, disable_shuffling=True
    )


def jpeg(random, height: int, width: int) -> bytes:
    return tf.io.encode_jpeg(random.integers(256, size=(height, width, 3), dtype=np.uint8)).numpy()


def celebrity(random, features) -> dict:
    truth = {name: bool(random.integers(2)) for name in features["attributes"]}
    numbers = {key: {name: int(random.integers(178)) for name in features[key]} for key in ("landmarks", "identity")}
    return {"image": jpeg(random, 218, 178), "attributes": truth, **numbers}


def car(random, features) -> dict:
    size = random.integers(20, 60, size=2)
    box = tfds.features.BBox(0.1, 0.1, 0.9, 0.8)
    label = int(random.integers(features["label"].num_classes))
    return {"image": jpeg(random, *size), "label": label, "bbox": box, "id": f"{random.integers(10_000):05}"}


@pytest.mark.parametrize(("name", "example"), [("celeb_a", celebrity), ("cars196", car)])
def test_tfds_own_builders_take_the_folders_for_theirs(name, example, tmp_path):
    prepare(name, "2.1.0", tmp_path, example)
    builder = tfds.builder(name, data_dir=tmp_path)
    assert builder.is_prepared() and isinstance(builder, tfds.core.GeneratorBasedBuilder)
    assert {split: info.num_examples for split, info in builder.info.splits.items()} == SIZES


def test_celeb_a_has_its_attributes_by_name(tmp_path):
    prepare("celeb_a", "2.1.0", tmp_path, celebrity)
    train, held_out = (load_split(DataConfig("celeb_a", str(tmp_path)), split) for split in ("train", "held-out"))
    assert len(train) == 7 and len(held_out) == 5
    assert train.images.shape == (7, 218, 178, 3)
    assert {"male", "black_hair", "blond_hair", "smiling"} <= set(train.labels)
    assert train.labels["male"].shape == (7,) and train.labels["male"].dtype == np.bool_


def test_cars196_has_images_of_many_sizes(tmp_path):
    prepare("cars196", "2.1.0", tmp_path, car)
    with pytest.raises(UserError, match="different sizes: resize them to one size, such as `image_size=64`"):
        load_split(DataConfig("cars196", str(tmp_path)), "train")
    train = load_split(DataConfig("cars196", str(tmp_path), image_size=32), "train")
    assert train.images.shape == (7, 32, 32, 3) and train.labels["label"].dtype.kind == "U"
