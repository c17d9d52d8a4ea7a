"""An exported model as NumPy functions: all that evaluation ever sees of a model.

It is in a folder, and runs here, or on a server, and is asked by REST.
"""

import operator
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ugvae_tf import config as configuration
from ugvae_tf import saved_model
from ugvae_tf.errors import UserError
from ugvae_tf.server_address import ServerAddress
from ugvae_tf.serving.back_end import Arrays, BackEnd
from ugvae_tf.serving.folder import Folder
from ugvae_tf.serving.rest import Rest

__all__ = ["Arrays", "ServedModel"]


class ServedModel:
    """The newest version of an exported model, or the one that its address names.

    Inputs and outputs lead with the axis of groups and are cut into calls along it.

    Args:
        address: a folder such as `saved_models/mnist`, or `http://HOST:8501/v1/models/mnist`.

    Raises:
        UserError: there is no version, it is none of ours, or no server answers.
    """

    def __init__(self, address: str | Path) -> None:
        self.address = str(address)
        server = ServerAddress.parse(self.address)
        self._back_end: BackEnd = Rest(server) if server else Folder(Path(address))
        self.name, self.version = self._back_end.name, self._back_end.version
        self.config, self.signatures = self._back_end.config, self._back_end.signatures
        try:
            self.settings = configuration.from_content(self.config)
            self.image_shape = _image_shape(self.config)
        except (UserError, KeyError, TypeError, ValueError) as error:
            raise saved_model.not_ours(self.address) from error

    def encode(self, images: np.ndarray) -> Arrays:
        """Codes of groups of images [G, B, H, W, C], bytes or floats in [0, 1].

        Without beta, M is 0 and the moments of beta are [G, 0]; without d, K is 1 and all
        `component_probs` are 1. So nobody who reads codes has to tell the models apart.
        """
        return _completed(self.call("serving_default", images=images))

    def encode_ragged(self, images: np.ndarray, group_sizes: np.ndarray) -> Arrays:
        """Codes of groups of unequal size: images beyond a group's size count for nothing."""
        return _completed(self.call("encode_ragged", images=images, group_sizes=group_sizes))

    def experts(self, images: np.ndarray) -> Arrays:
        """Natural parameters of every image's factor of q(beta), `precision` and `precision_mean` [G, B, M].

        Their sums over a group are those of its q(beta), once `prior_parameters` are added.
        """
        return self.call("experts", images=images)

    def prior(self, beta: np.ndarray) -> Arrays:
        """The components that beta [G, M] sets: their moments [G, K, L], and `component_probs` p(d | beta) [G, K]."""
        inputs = {"beta": beta, "group_sizes": np.ones(len(beta), np.int32)}
        return _with_component_probs(self.call("prior", **self._taken("prior", inputs)))

    def global_prior(self, groups: int) -> Arrays:
        """p(beta), once for each group: `beta_mean` and `beta_stddev` [groups, M]; without beta, M is 0.

        An export of an older version has no such signature, and N(0, I) as p(beta).
        """
        if "global_prior" in self.signatures:
            return self.call("global_prior", group_sizes=np.ones(groups, np.int32))
        shape = [groups, self.settings.model.global_size]
        return {"beta_mean": np.zeros(shape, np.float32), "beta_stddev": np.ones(shape, np.float32)}

    def prior_parameters(self) -> tuple[np.ndarray, np.ndarray]:
        """What p(beta) adds to the experts' sums in q(beta): precision and precision times mean, each [M].

        Zero but in a model with `prior_expert`.
        """
        p_beta = self.global_prior(1)
        weight = np.float32(self.settings.model.prior_expert)
        precision = weight * p_beta["beta_stddev"][0] ** -2
        return precision, precision * p_beta["beta_mean"][0]

    def decode(self, z: np.ndarray, beta: np.ndarray) -> Arrays:
        """Means (and deviations) of the pixels for z [G, B, L] and beta [G, M]."""
        return self.call("decode", **self._taken("decode", {"z": z, "beta": beta}))

    def call(self, name: str, **inputs: np.ndarray) -> Arrays:
        """Any signature, by its name, with all of its inputs; raises UserError if the names are not the model's."""
        self._check(name, inputs)
        images_per_call = self._back_end.images_per_call
        answers = [self._back_end.call(name, part) for part in _parts(inputs, images_per_call)]
        return {key: np.concatenate([answer[key] for answer in answers]) for key in answers[0]}

    def _taken(self, name: str, inputs: Arrays) -> Arrays:
        """Those of the inputs that the signature takes: a prior or a decoder need not know beta."""
        return {key: array for key, array in inputs.items() if key in self.signatures.get(name, [])}

    def _check(self, name: str, inputs: Arrays) -> None:
        described = f"The model in {self.address} ({self.settings.model.model})"
        if name not in self.signatures:
            raise UserError(f"{described} has no signature '{name}', which this needs.")
        if set(inputs) != (taken := set(self.signatures[name])):
            given, asked = (", ".join(sorted(names)) or "nothing" for names in (inputs, taken))
            raise UserError(f"{described} takes {asked} in its signature '{name}', not {given}.")


def _image_shape(config: dict[str, Any]) -> tuple[int, int, int]:
    """(H, W, C) of the images that a model takes; raises KeyError, TypeError or ValueError if it does not say."""
    height, width, channels = (operator.index(size) for size in config["image_shape"])
    if min(height, width, channels) < 1:
        raise ValueError(config["image_shape"])
    return height, width, channels


def _completed(codes: Arrays) -> Arrays:
    """Codes with the moments of a beta of no dimensions, and the one component, that a model leaves out."""
    groups, size = codes["z_mean"].shape[:2]
    no_beta, one_component = np.zeros([groups, 0], np.float32), np.ones([groups, size, 1], np.float32)
    return {"beta_mean": no_beta, "beta_stddev": no_beta, "component_probs": one_component} | codes


def _with_component_probs(p_z: Arrays) -> Arrays:
    """Components with their probabilities: uniform where a model has one, or an export of an older version no others.

    That is p(d) of eq. 4.
    """
    groups, components = p_z["z_mean"].shape[:2]
    return {"component_probs": np.full([groups, components], 1 / components, np.float32)} | p_z


def _parts(inputs: Arrays, images_per_call: int) -> Iterator[Arrays]:
    """Consecutive groups, about `images_per_call` images at a time; a group is never cut."""
    first = next(iter(inputs.values()))
    groups = max(1, images_per_call // (first.shape[1] if first.ndim > 2 else 1))
    for start in range(0, len(first), groups):
        yield {name: _scaled(array[start : start + groups]) for name, array in inputs.items()}


def _scaled(array: np.ndarray) -> np.ndarray:
    """Images that came as bytes are scaled; floats are taken as they are."""
    if array.dtype == np.uint8:
        return array.astype(np.float32) / np.float32(255)
    return array.astype(np.int32 if array.dtype.kind == "i" else np.float32)
