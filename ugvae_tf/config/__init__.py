"""Settings: dataclasses, their record in config.json, presets, and what can be trained. Without TensorFlow."""

from ugvae_tf.config.record import differences, from_content, from_json, to_json, with_epochs
from ugvae_tf.config.settings import (
    EXTENSIONS,
    MIN_PIXEL_STDDEV,
    NO_PRESET,
    UNKNOWN_DATA,
    WITH_BETA,
    WITH_MIXTURE,
    Config,
    DataConfig,
    ModelConfig,
    ModelName,
    TrainingConfig,
)

__all__ = [
    "EXTENSIONS",
    "MIN_PIXEL_STDDEV",
    "NO_PRESET",
    "UNKNOWN_DATA",
    "WITH_BETA",
    "WITH_MIXTURE",
    "Config",
    "DataConfig",
    "ModelConfig",
    "ModelName",
    "TrainingConfig",
    "differences",
    "from_content",
    "from_json",
    "to_json",
    "with_epochs",
]
