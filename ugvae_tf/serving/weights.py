"""The Keras model of an exported version."""

from pathlib import Path
from typing import Any

import tensorflow as tf

from ugvae_tf import config as configuration
from ugvae_tf.models import build_model
from ugvae_tf.models.base import GroupModel
from ugvae_tf.serving import saved_model


def restored(version: Path) -> GroupModel:
    """A new model with the configuration and the weights of a version, whose operations must have been checked.

    Raises:
        UserError: the folder is no export of ugvae_tf.
    """
    content = saved_model.read_config(version)
    config = configuration.from_content(content)
    height, width, channels = content["image_shape"]
    model = build_model(config.model, (height, width, channels))
    model.build()
    _copy(tf.saved_model.load(str(version)), model)
    return model


def _copy(loaded: Any, model: GroupModel) -> None:
    """Copy the variables by their order in every signature, because a SavedModel has no names for them.

    Signatures that the old version lacks have no variables of their own.
    """
    for name, (function, specs) in model.signatures().items():
        if name not in loaded.signatures:
            continue
        old = loaded.signatures[name].captured_inputs
        new = tf.function(function).get_concrete_function(*specs).captured_inputs
        for source, target in zip(old, new, strict=True):
            value = tf.raw_ops.ReadVariableOp(resource=source, dtype=tf.float32)
            tf.raw_ops.AssignVariableOp(resource=target, value=value, validate_shape=True)
