"""The table of models."""

from ugvae_tf.config import ModelConfig
from ugvae_tf.models.base import GroupModel
from ugvae_tf.models.ug_vae import UgVae

MODELS: dict[str, type[GroupModel]] = {"ug-vae": UgVae}


def build_model(config: ModelConfig, image_shape: tuple[int, int, int], seed: int = 0) -> GroupModel:
    """The model that the configuration names, for images of shape (H, W, C)."""
    return MODELS[config.model](config, image_shape, seed)
