"""The models by name, imported at their first use: an exported model needs none, nor TensorFlow Probability."""

from dataclasses import asdict
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ugvae_tf.config import ModelConfig
from ugvae_tf.models.base import GroupModel
from ugvae_tf.models.inputs import ImageShape

if TYPE_CHECKING:
    from ugvae_tf.models.gm_vae import GmVae
    from ugvae_tf.models.ml_vae import MlVae
    from ugvae_tf.models.nested_vae import NestedVae
    from ugvae_tf.models.ug_vae import UgVae
    from ugvae_tf.models.vae import BetaVae, Vae

    MODELS: dict[str, type[GroupModel]]

__all__ = ["MODELS", "BetaVae", "GmVae", "GroupModel", "MlVae", "NestedVae", "UgVae", "Vae", "build_model"]

_MODULES = {
    "UgVae": "ug_vae",
    "MlVae": "ml_vae",
    "GmVae": "gm_vae",
    "Vae": "vae",
    "BetaVae": "vae",
    "NestedVae": "nested_vae",
}


def __getattr__(name: str) -> Any:
    if name == "MODELS":
        return _models()
    if name in _MODULES:
        return {model.__name__: model for model in _models().values()}[
            name
        ]  # all, so that Keras finds each by its name
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _models() -> dict[str, type[GroupModel]]:
    """The class of each model."""
    classes = [getattr(import_module(f"{__name__}.{module}"), name) for name, module in _MODULES.items()]
    return {model.model_name: model for model in classes}


def build_model(config: ModelConfig, image_shape: ImageShape, seed: int = 0) -> GroupModel:
    """The model that the configuration names, for images of shape (H, W, C)."""
    settings = {name: value for name, value in asdict(config).items() if name != "model"}
    return _models()[config.model](image_shape, seed, **settings)
