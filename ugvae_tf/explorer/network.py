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
from ugvae_tf.networks.gated import GatedDense
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
        "concatenates": model.config.decodes_beta,
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


def _joint(model: GroupModel, tensors: Tensors) -> dict[str, Any] | None:
    """The first layer of the decoder: of z, of beta, and the factor of FiLM; None if z and beta enter side by side."""
    if model.config.body == "gated":
        return None
    joint = model.decoder.body.hidden
    parts = {"z": joint.of_z, "beta": joint.of_beta, "factor": joint.factor}
    return {name: tensors.dense(layer) for name, layer in parts.items() if layer is not None}


def _layers(model: GroupModel, tensors: Tensors) -> list[dict[str, Any]]:
    """The layers after it; the last one gives the logits of the means, without the variance of each pixel."""
    body, is_gated = model.decoder.body, model.config.body == "gated"
    layers = [body.pixels] if model.config.body == "mlp" else body.network.layers
    *hidden, last = [layer for layer in layers if not isinstance(layer, keras.layers.Reshape)]
    found = [*(_hidden(layer, tensors) for layer in hidden), _last(last, model.image_shape, tensors)]
    return [{"relu": not is_gated, **each} for each in found]


def _hidden(layer: Any, tensors: Tensors) -> dict[str, Any]:
    if isinstance(layer, GatedDense):
        return {"kind": "gated", "value": tensors.dense(layer.value), "gate": tensors.dense(layer.gate)}
    if isinstance(layer, keras.layers.Dense):
        return {"kind": "dense", **tensors.dense(layer)}
    return _doubling(layer.kernel.numpy(), layer.bias.numpy(), layer.input.shape[1:3], tensors)


def _last(layer: Any, image_shape: tuple[int, int, int], tensors: Tensors) -> dict[str, Any]:
    height, width, channels = image_shape
    kernel, bias = layer.kernel.numpy(), layer.bias.numpy()
    if not isinstance(layer, keras.layers.Dense):
        return _doubling(kernel[:, :, :channels], bias[:channels], (height // 2, width // 2), tensors)
    kernel = kernel.reshape(len(kernel), height * width, -1)[..., :channels].reshape(len(kernel), -1)
    bias = bias.reshape(height * width, -1)[:, :channels].ravel()
    return {"kind": "dense", "kernel": tensors.add(kernel), "bias": tensors.add(bias)}


def _doubling(kernel: np.ndarray, bias: np.ndarray, size: tuple[int, int], tensors: Tensors) -> dict[str, Any]:
    """A transposed convolution [4, 4, out, in] of maps of this height and width."""
    kernel = kernel.swapaxes(2, 3)
    sizes = {"height": size[0], "width": size[1], "maps": kernel.shape[2], "out": kernel.shape[3]}
    return {"kind": "doubling", "kernel": tensors.add(kernel), "bias": tensors.add(bias), **sizes}
