"""The models by name."""

from dataclasses import asdict

from ugvae_tf.config import ModelConfig
from ugvae_tf.models.base import GroupModel
from ugvae_tf.models.gm_vae import GmVae
from ugvae_tf.models.inputs import ImageShape
from ugvae_tf.models.ml_vae import MlVae
from ugvae_tf.models.nested_vae import NestedVae
from ugvae_tf.models.ug_vae import UgVae
from ugvae_tf.models.vae import BetaVae, Vae

__all__ = ["MODELS", "BetaVae", "GmVae", "GroupModel", "MlVae", "NestedVae", "UgVae", "Vae", "build_model"]

MODELS: dict[str, type[GroupModel]] = {
    model.model_name: model for model in (UgVae, MlVae, GmVae, Vae, BetaVae, NestedVae)
}


def build_model(config: ModelConfig, image_shape: ImageShape, seed: int = 0) -> GroupModel:
    """The model that the configuration names, for images of shape (H, W, C)."""
    settings = {name: value for name, value in asdict(config).items() if name != "model"}
    return MODELS[config.model](image_shape, seed, **settings)
