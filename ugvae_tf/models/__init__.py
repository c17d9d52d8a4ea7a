"""The table of models."""

from ugvae_tf.config import ModelConfig
from ugvae_tf.models.base import GroupModel
from ugvae_tf.models.gm_vae import GmVae
from ugvae_tf.models.ml_vae import MlVae
from ugvae_tf.models.nested_vae import NestedVae
from ugvae_tf.models.ug_vae import UgVae
from ugvae_tf.models.vae import Vae

MODELS: dict[str, type[GroupModel]] = {
    "ug-vae": UgVae,
    "ml-vae": MlVae,
    "gm-vae": GmVae,
    "vae": Vae,
    "beta-vae": Vae,  # at another kl_weight
    "nested-vae": NestedVae,
}


def build_model(config: ModelConfig, image_shape: tuple[int, int, int], seed: int = 0) -> GroupModel:
    """The model that the configuration names, for images of shape (H, W, C)."""
    return MODELS[config.model](config, image_shape, seed)
