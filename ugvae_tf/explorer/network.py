"""The prior and the decoder of a model as numbers, which the page computes with in JavaScript."""

import math
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ugvae_tf.explorer.axes import numbers
from ugvae_tf.explorer.tensors import Tensors
from ugvae_tf.layers import MixturePrior
from ugvae_tf.models.base import GroupModel
from ugvae_tf.serving.saved_model import version_folder
from ugvae_tf.serving.served_model import ServedModel
from ugvae_tf.serving.weights import restored


def network_of(served: ServedModel, address: Path) -> dict[str, Any]:
    """The network of an exported version in its folder: what it does, and its tensors."""
    model, tensors = restored(version_folder(address)), Tensors()
    return {
        "prior": _prior(served, model, tensors),
        "joint": _joint(model, tensors),
        "layers": _layers(model, tensors),
        "pixels": math.prod(model.image_shape),
        "tensors": tensors.content(),
    }


def _prior(served: ServedModel, model: GroupModel, tensors: Tensors) -> dict[str, Any]:
    """p(z | d, beta) and p(d | beta): the networks of eq. 3, or numbers where it does not depend on beta."""
    prior: Any = next((each for each in model._flatten_layers() if isinstance(each, MixturePrior)), None)
    if prior is None:
        constant = served.prior(np.zeros([1, served.settings.model.global_size], np.float32))
        return {"constant": {name: numbers(value[0]) for name, value in constant.items()}}
    found = {"hidden": tensors.dense(prior.hidden), "parameters": tensors.dense(prior.parameters)}
    if served.settings.model.component_prior == "beta":
        found["proportions"] = tensors.dense(model.proportions.weights_of_components)
    return found | {"components": prior.components, "units": prior.units}


def _joint(model: GroupModel, tensors: Tensors) -> dict[str, Any]:
    """The first layer of the decoder: of z, of beta, and the factor of FiLM; parts that it lacks are absent."""
    joint = model.decoder.body.hidden
    parts = {"z": joint.of_z, "beta": joint.of_beta, "factor": joint.factor}
    return {name: tensors.dense(layer) for name, layer in parts.items() if layer is not None}


def _layers(model: GroupModel, tensors: Tensors) -> list[dict[str, Any]]:
    """The layers after it, the last one without a variance of each pixel: its maps are the means' logits."""
    body, (height, width, channels) = model.decoder.body, model.image_shape
    layers = [body.pixels] if model.config.body == "mlp" else body.network.layers
    kept = [layer for layer in layers if not isinstance(layer, keras.layers.Reshape)]
    return [_layer(layer, tensors, channels if layer is kept[-1] else None, (height, width)) for layer in kept]


def _layer(layer: Any, tensors: Tensors, channels: int | None, size: tuple[int, int]) -> dict[str, Any]:
    kernel, bias = (weight.numpy() for weight in (layer.kernel, layer.bias))
    if isinstance(layer, keras.layers.Dense):
        if channels is not None:
            kernel, bias = (part.reshape(*part.shape[:-1], *size, -1)[..., :channels] for part in (kernel, bias))
            kernel, bias = kernel.reshape(len(kernel), -1), bias.ravel()
        return {"kind": "dense", "kernel": tensors.add(kernel), "bias": tensors.add(bias)}
    kernel = kernel.swapaxes(2, 3)[..., :channels]  # [4, 4, in, out]
    side = layer.input.shape[1:3] if channels is None else (size[0] // 2, size[1] // 2)
    found = {"kind": "doubling", "kernel": tensors.add(kernel), "bias": tensors.add(bias[:channels])}
    return found | {"height": side[0], "width": side[1], "maps": kernel.shape[2], "out": kernel.shape[3]}
