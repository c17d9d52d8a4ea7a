"""Two logical CPUs, small models of odd sizes, and images for them."""

from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from ugvae_tf.config import Config, DataConfig, ModelConfig, presets, to_json
from ugvae_tf.models import build_model
from ugvae_tf.serving import export

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)

ONE_REPLICA = tf.distribute.MirroredStrategy(["CPU:0"])
# Two strategies over the same devices in one process would share, and confuse, their collective operations.
TWO_REPLICAS = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
IMAGE_SHAPE = (7, 5, 2)
CONV_SHAPE = (32, 16, 2)
COLOUR_SHAPE = (6, 6, 3)
EXTENDED = {  # every setting beyond the paper
    "global_prior": "learned",
    "prior_expert": True,
    "expert_subset": "random",
    "component_prior": "beta",
    "component_kernel": "glorot",
    "component_posterior": "optimal",
    "prior_units": 13,
    "decoder_beta": "film",
}
SIZES = {"hidden_units": 11, "local_size": 3, "global_size": 4, "components": 6}
IDLE = defaultdict(list)  # settings -> models that no test holds, each with its initial values
LENT = []  # settings, and a model with its initial values, that the present test holds


def small_config(**changes) -> ModelConfig:
    """A model in which no two axes have the same size."""
    model = ModelConfig(**{**SIZES, **changes})
    sizes = presets.of_model(Config(model=model), model.model).model
    return replace(model, global_size=sizes.global_size, components=sizes.components)


def new_model(seed: int = 0, image_shape: tuple | None = None, **changes):
    """A built model of `small_config`, for images that its body can take."""
    keras.utils.set_random_seed(seed)
    image_shape = image_shape or (CONV_SHAPE if changes.get("body") == "conv" else IMAGE_SHAPE)
    model = build_model(small_config(**changes), image_shape, seed)
    model.build()
    return model


def small_model(seed: int = 0, image_shape: tuple | None = None, **changes):
    """As `new_model`, which takes most of a second: a model that an earlier test held has its initial values again."""
    settings = repr((seed, image_shape, sorted(changes.items())))
    if IDLE[settings]:
        model, start = IDLE[settings].pop()
        for variable, value in zip(model.variables, start, strict=True):
            variable.assign(value)
    else:
        model = new_model(seed, image_shape, **changes)
        start = [variable.numpy() for variable in model.variables]
    LENT.append((settings, (model, start)))
    return model


def take_back() -> None:
    """The models that a test held are there for the next one, unless the test compiled them or set an objective."""
    for settings, (model, start) in LENT:
        if not model.compiled and "training_objective" not in vars(model):
            IDLE[settings].append((model, start))
    LENT.clear()


def moved(model, scale: float = 0.3):
    """The model with every weight moved at random: a learned prior is no longer the standard one."""
    random = np.random.default_rng(0)
    for weight in model.trainable_variables:
        weight.assign_add(random.normal(scale=scale, size=weight.shape).astype(np.float32))
    return model


def exported(version: Path, **settings):
    """A new model, moved, with the averages of a step where it normalises by batch statistics, and exported."""
    model = moved(new_model(**settings))
    images = random_images(3, 7, image_shape=model.image_shape)
    model.elbo_terms(images, np.ones([3, 7], np.float32), seed=None, training=True)
    text = to_json(Config(model=model.config), image_shape=model.image_shape, note='\u00e4 and "quotes"')
    export.export_version(model, version, text)
    return model


def exported_with_data(folder: Path, images: np.ndarray, group_size: int = 4, **labels: np.ndarray) -> str:
    """The folder of an exported small model whose data set is an .npz file of these images [N, H, W, C] and labels."""
    np.savez(folder / "data.npz", image=images, **labels)
    model = new_model(image_shape=images.shape[1:])
    config = Config(data=DataConfig("npz", str(folder / "data.npz"), group_size=group_size), model=model.config)
    (folder / "model").mkdir()
    export.export_version(model, folder / "model" / "1", to_json(config, image_shape=list(images.shape[1:])))
    return str(folder / "model")


class OfOlderVersion:
    """The model with the signatures of an export from before p(beta) and p(d | beta) could be learned."""

    def __init__(self, model) -> None:
        self.model = model

    def __getattr__(self, name: str):
        return getattr(self.model, name)

    def signatures(self) -> dict:
        today = self.model.signatures()
        prior, specs = today["prior"]

        def moments(beta):
            return {name: value for name, value in prior(beta).items() if name != "component_probs"}

        return {name: each for name, each in today.items() if name != "global_prior"} | {"prior": (moments, specs)}


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
