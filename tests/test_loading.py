"""Reading data sets by name: the shipped MNIST, any prepared TFDS set, and what can be wrong with them."""

import hashlib
import shutil

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from ugvae_tf.config import DataConfig
from ugvae_tf.datasets import loading
from ugvae_tf.datasets.loading import load_split
from ugvae_tf.datasets.own_images import folder_source
from ugvae_tf.errors import UserError

# Of the bytes in LeCun's t10k files, after their headers.
TEST_IMAGES_SHA256 = "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161"


@pytest.mark.slow
def test_the_shipped_mnist_is_mnist():
    train, test = load_split(DataConfig(), "train"), load_split(DataConfig(), "held-out")
    assert train.images.shape == (60_000, 28, 28, 1) and train.images.dtype == np.uint8
    assert np.bincount(train.labels["label"]).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(test.labels["label"]).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert hashlib.sha256(test.images.tobytes()).hexdigest() == TEST_IMAGES_SHA256


def test_any_prepared_set_is_found_under_data_dir(tiny_data_dir):
    train, held_out = (load_split(DataConfig("tiny", str(tiny_data_dir)), split) for split in ("train", "held-out"))
    assert train.images.shape == (503, 7, 5, 1) and held_out.images.shape == (17, 7, 5, 1)
    assert set(train.labels) == {"label"} and len(train.labels["label"]) == len(train) == 503


def test_an_unknown_set_is_told_with_its_nearest_name():
    with pytest.raises(UserError, match=r"Unknown data set 'fashion_mnst'\. Did you mean 'fashion_mnist'\?"):
        load_split(DataConfig("fashion_mnst"), "train")


@pytest.mark.parametrize("name", ["mnist:9.9.9", "", "../x", "mnist/none", "x" * 300])
def test_a_name_that_tfds_cannot_read_is_one_sentence(name):
    with pytest.raises(UserError) as caught:
        load_split(DataConfig(name), "train")
    assert name in str(caught.value) and "\n" not in str(caught.value)


def test_a_memory_that_holds_no_image_is_told(tiny_data_dir):
    with pytest.raises(UserError, match=r"`memory_limit=1e-12` gigabytes hold no image: give a larger one"):
        load_split(DataConfig("tiny", str(tiny_data_dir), memory_limit=1e-12), "train")


def test_a_missing_data_folder_is_told(tmp_path):
    with pytest.raises(UserError, match="is not a folder"):
        load_split(DataConfig("mnist", str(tmp_path / "nowhere")), "train")


@pytest.mark.parametrize("damage", ["truncated shard", "no shard", "no json", "garbage json"])
def test_a_corrupt_set_is_told_in_one_sentence(tiny_data_dir, tmp_path, damage):
    folder = tmp_path / "tiny"
    shutil.copytree(tiny_data_dir / "tiny", folder)
    shard = next(folder.glob("1.0.0/tiny-train*"))
    info = folder / "1.0.0" / "dataset_info.json"
    if damage == "truncated shard":
        shard.write_bytes(shard.read_bytes()[:1000])
    elif damage == "no shard":
        shard.unlink()
    elif damage == "no json":
        info.unlink()
    else:
        info.write_text("{")
    with pytest.raises(UserError) as caught:
        load_split(DataConfig("tiny", str(tmp_path)), "train")
    assert "tiny" in str(caught.value) and "\n" not in str(caught.value)


def test_nobody_is_told_to_delete_their_own_images(tmp_path):
    """A picture that is damaged after the check: its folder is the user's."""
    for number in range(3):
        (tmp_path / f"{number}.png").write_bytes(tf.io.encode_png(np.zeros([3, 3, 1], np.uint8)).numpy())
    source = folder_source(tmp_path, "train")
    for picture in tmp_path.iterdir():
        picture.write_bytes(b"damaged since")
    with pytest.raises(UserError, match=r"'folder' cannot be read.*Replace the damaged file in `data_dir`") as caught:
        loading._decoded("folder", source)
    assert "elete" not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (DataConfig("folder"), "`dataset=folder` needs `data_dir`: give the folder of your images"),
        (DataConfig("npz"), "`dataset=npz` needs `data_dir`: give your .npz file"),
        (DataConfig("chairs3d-aubry"), "rendered_chairs.tar from the project page 'Seeing 3D chairs'"),
    ],
)
def test_what_the_user_must_place_is_told(data, told, tmp_path, monkeypatch):
    monkeypatch.setattr(tfds.core.constants, "DATA_DIR", str(tmp_path))
    with pytest.raises(UserError, match=told):
        load_split(data, "train")
