"""What all tests share: two logical CPUs, one small model of odd sizes, and one small TFDS data set."""

import os
from dataclasses import replace

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")  # compiles faster, computes the same

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from ugvae_tf.config import Config, ModelConfig, presets
from ugvae_tf.models import build_model

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)

ONE_REPLICA = tf.distribute.MirroredStrategy(["CPU:0"])
# Two strategies over the same devices in one process would share, and confuse, their collective operations.
TWO_REPLICAS = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
IMAGE_SHAPE = (7, 5, 2)
CONV_SHAPE = (32, 16, 2)
EXTENDED = {  # every setting beyond the paper
    "global_prior": "learned",
    "prior_expert": True,
    "expert_subset": "random",
    "component_prior": "beta",
    "component_kernel": "glorot",
    "component_posterior": "optimal",
    "prior_units": 13,
}
SIZES = {"hidden_units": 11, "local_size": 3, "global_size": 4, "components": 6}


def small_config(**changes) -> ModelConfig:
    """A model in which no two axes have the same size."""
    model = ModelConfig(**{**SIZES, **changes})
    sizes = presets.of_model(Config(model=model), model.model).model
    return replace(model, global_size=sizes.global_size, components=sizes.components)


def small_model(seed: int = 0, image_shape: tuple | None = None, **changes):
    """A built model of `small_config`, for images that its body can take."""
    keras.utils.set_random_seed(seed)
    image_shape = image_shape or (CONV_SHAPE if changes.get("body") == "conv" else IMAGE_SHAPE)
    model = build_model(small_config(**changes), image_shape, seed)
    model.build()
    return model


def moved(model, scale: float = 0.3):
    """The model with every weight moved at random: a learned prior is no longer the standard one."""
    random = np.random.default_rng(0)
    for weight in model.trainable_variables:
        weight.assign_add(random.normal(scale=scale, size=weight.shape).astype(np.float32))
    return model


def of_older_version(model):
    """The model with the signatures of an export from before p(beta) and p(d | beta) could be learned."""
    today = model.signatures()
    prior, specs = today["prior"]

    def moments(beta):
        return {name: value for name, value in prior(beta).items() if name != "component_probs"}

    older = {name: each for name, each in today.items() if name != "global_prior"} | {"prior": (moments, specs)}
    model.signatures = lambda: older
    return model


def noiseless(model):
    """The posterior means stand for samples, so that replicas need not share random numbers."""
    model.sampling_seed = lambda step: None
    return model


def random_images(groups: int, size: int, seed: int = 0, image_shape: tuple = IMAGE_SHAPE) -> np.ndarray:
    """[G, B, H, W, C] in [0, 1]."""
    return np.random.default_rng(seed).random((groups, size, *image_shape), np.float32)


def assert_distribution(distribution, batch_shape, event_shape):
    """The shapes of a distribution, and of a sample of it."""
    assert tuple(distribution.batch_shape) == tuple(batch_shape)
    assert tuple(distribution.event_shape) == tuple(event_shape)
    assert tuple(distribution.sample(seed=[0, 0]).shape) == (*batch_shape, *event_shape)


@pytest.fixture(autouse=True)
def _same_initial_weights_every_time():
    keras.utils.set_random_seed(0)


@pytest.fixture(scope="session")
def tiny_data_dir(tmp_path_factory):
    """A folder with the TFDS data set `tiny`: 503 training and 17 test images of 7x5 pixels, three classes."""
    folder = tmp_path_factory.mktemp("tfds")
    random = np.random.default_rng(0)

    def split(count):
        labels = random.integers(3, size=count)
        images = (random.random((count, 7, 5, 1)) * 80 + 80 * labels[:, None, None, None]).astype(np.uint8)
        return [(key, {"image": images[key], "label": labels[key]}) for key in range(count)]

    features = {"image": tfds.features.Image(shape=(7, 5, 1)), "label": tfds.features.ClassLabel(num_classes=3)}
    tfds.dataset_builders.store_as_tfds_dataset(
        name="tiny",
        version="1.0.0",
        features=tfds.features.FeaturesDict(features),
        split_datasets={"train": split(503), "test": split(17)},
        data_dir=folder,
        disable_shuffling=True,
    )
    return folder
