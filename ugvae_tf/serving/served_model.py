"""An exported model as NumPy functions, in this process or on a server: the interface that evaluation uses."""

import operator
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ugvae_tf import codes
from ugvae_tf import config as configuration
from ugvae_tf.codes import Codes, GaussianCodes, neighbours
from ugvae_tf.codes.plda import Plda
from ugvae_tf.errors import UserError
from ugvae_tf.models.inputs import ImageShape, as_groups
from ugvae_tf.progress import phase
from ugvae_tf.serving import saved_model
from ugvae_tf.serving.address import ServerAddress
from ugvae_tf.serving.back_end import Arrays, BackEnd
from ugvae_tf.serving.component_names import NAME as NAMES
from ugvae_tf.serving.component_names import ComponentNames
from ugvae_tf.serving.folder import Folder
from ugvae_tf.serving.metric import NAME, LearnedMetric
from ugvae_tf.serving.rest import Rest
from ugvae_tf.serving.shipped import located


def load(address: str | Path, trust: bool = False) -> "ServedModel":
    """An exported model.

    Args:
        address: the name of a model that ships, such as `mnist`; a folder such as `saved_models/mnist`, of which the
            newest version is taken, or the folder of a version; or a server's `http://HOST:8501/v1/models/mnist`.
            Load only models that you trust: a SavedModel is a program.
        trust: load a SavedModel also if it has operations beyond those on tensors and variables, which can touch
            files, the network or Python.

    Raises:
        UserError: there is no version, it is not an export of ugvae_tf, or no server responds.
    """
    return ServedModel(located(str(address)), trust)


class ServedModel:
    """The newest version of an exported model, or the one that its address names.

    The first axis of inputs and outputs is the groups; many groups are divided into several calls.

    Args:
        address: a folder such as `saved_models/mnist`, or `http://HOST:8501/v1/models/mnist`.
        trust: as in `load`.

    Raises:
        UserError: there is no version, it is not an export of ugvae_tf, or no server responds.
    """

    def __init__(self, address: str | Path, trust: bool = False) -> None:
        server = ServerAddress.parse(str(address))
        self.address = server.shown if server else str(address)
        with phase("Loading the model"):
            self._back_end: BackEnd = Rest(server) if server else Folder(Path(address), trust)
        self.name, self.version = self._back_end.name, self._back_end.version
        self.config, self.signatures = self._back_end.config, self._back_end.signatures
        try:
            self.settings = configuration.from_content(self.config)
            self.image_shape = _image_shape(self.config)
        except (UserError, KeyError, TypeError, ValueError, OverflowError) as error:
            raise saved_model.not_ours(self.address) from error
        if self.metric is not None and len(self.metric.plda.mean) != self.settings.model.global_size:
            raise UserError(f"{NAME} in {self.address} is the learned metric of another model: delete it.")
        if self.component_names is not None and len(self.component_names.names) != self.settings.model.components:
            raise UserError(f"{NAMES} in {self.address} has the names of another model: delete it.")

    @property
    def images_per_call(self) -> int:
        """Images in one call of a signature: large enough for speed, small enough for memory and time limits."""
        return self._back_end.images_per_call

    def encode(self, images: np.ndarray) -> Codes:
        """Codes of groups of images [G, B, H, W, C], or of one group [B, H, W, C]; uint8 or floats in [0, 1].

        Raises:
            UserError: another shape or range, or an empty group.
        """
        return Codes.of(self.call("serving_default", images=as_groups(images, self.image_shape)))

    def encode_ragged(self, images: np.ndarray, group_sizes: np.ndarray) -> Codes:
        """Codes of groups of unequal size [G, B, H, W, C]; images beyond a group's size have no effect.

        Raises:
            UserError: another shape or range, or `group_sizes` [G] that are not from 1 to B.
        """
        groups, sizes = as_groups(images, self.image_shape), np.asarray(group_sizes)
        if sizes.shape != groups.shape[:1] or not ((sizes >= 1) & (sizes <= groups.shape[1])).all():
            raise UserError(f"group_sizes must be {len(groups)} numbers from 1 to {groups.shape[1]}, not {sizes}.")
        found = self.call("encode_ragged", images=groups, group_sizes=sizes.astype(np.int32))
        return Codes.of({**found, "images": sizes})

    def generate(self, like: np.ndarray, count: int, seed: int = 0) -> np.ndarray:
        """New images [count, H, W, C] in [0, 1] with the code of `like`, one group [B, H, W, C].

        beta is the mean of q(beta | like), d ~ p(d | beta), z ~ p(z | d, beta); the images are means of p(x | z, beta).
        """
        beta = self.encode(like).beta_mean[0]
        return codes.generated(self.prior, self.decode, beta, count, np.random.default_rng(seed))

    @property
    def metric(self) -> LearnedMetric | None:
        """The learned metric of codes, an asset of the export; None: it has none, or is on a server."""
        return self._back_end.metric

    @property
    def component_names(self) -> ComponentNames | None:
        """Names of the components, an asset of the export; None: it has none, or is on a server."""
        return self._back_end.component_names

    def metric_of(self, *tables: GaussianCodes) -> Plda | None:
        """The learned metric if there is one and it is for groups of these sizes; else None, for the symmetric KL."""
        if self.metric is None or not all(self.metric.is_for(np.asarray(table.images)) for table in tables):
            return None
        return self.metric.plda

    def similar(self, groups: GaussianCodes, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The k nearest other groups of each group, by the learned metric if the export has one.

        Otherwise, or where a group has less than a quarter or more than four times the images of the groups that the
        metric was fitted to, by the symmetric KL divergence of q(beta).

        Returns:
            Their indices [G, k], nearest first, and the distances in nats [G, k].

        Raises:
            UserError: the model has no beta, or there are fewer than k other groups.
        """
        return neighbours.nearest(groups, k, self.metric_of(groups))

    def distances(self, groups: GaussianCodes) -> np.ndarray:
        """The distances of all groups in nats [G, G] float32, by the metric of `similar`.

        Raises:
            UserError: the model has no beta.
        """
        return neighbours.distance_matrix(groups, self.metric_of(groups))

    def experts(self, images: np.ndarray) -> Arrays:
        """Natural parameters of every image's expert of q(beta), `precision` and `precision_mean` [G, B, M].

        Their sums over a group plus `prior_parameters` are the natural parameters of its q(beta).
        """
        return self.call("experts", images=as_groups(images, self.image_shape))

    def prior(self, beta: np.ndarray) -> Arrays:
        """The components for beta [G, M]: moments of p(z | d, beta) [G, K, L], and `component_probs` [G, K]."""
        inputs = {"beta": beta, "group_sizes": np.ones(len(beta), np.int32)}
        return _with_component_probs(self.call("prior", **self._taken("prior", inputs)))

    def global_prior(self, groups: int) -> Arrays:
        """p(beta), once per group: `beta_mean` and `beta_stddev` [groups, M]; without beta, M is 0.

        Older exports have no such signature; their p(beta) is N(0, I).
        """
        if "global_prior" in self.signatures:
            return self.call("global_prior", group_sizes=np.ones(groups, np.int32))
        shape = [groups, self.settings.model.global_size]
        return {"beta_mean": np.zeros(shape, np.float32), "beta_stddev": np.ones(shape, np.float32)}

    def prior_parameters(self) -> tuple[np.ndarray, np.ndarray]:
        """Natural parameters of p(beta) as a factor of q(beta): precision and precision times mean, each [M].

        They are zero in a model without `prior_expert`.
        """
        p_beta = self.global_prior(1)
        weight = np.float32(self.settings.model.prior_expert)
        precision = weight * p_beta["beta_stddev"][0] ** -2
        return precision, precision * p_beta["beta_mean"][0]

    def decode(self, z: np.ndarray, beta: np.ndarray) -> Arrays:
        """Means (and standard deviations) of the pixels for z [G, B, L] and beta [G, M]."""
        return self.call("decode", **self._taken("decode", {"z": z, "beta": beta}))

    def call(self, name: str, **inputs: np.ndarray) -> Arrays:
        """Call a signature by name with all of its inputs; raises UserError if the names do not match the model's."""
        self._check(name, inputs)
        answers = [self._back_end.call(name, part) for part in _parts(inputs, self.images_per_call)]
        if len(answers) == 1:
            return answers[0]
        return {key: np.concatenate([answer[key] for answer in answers]) for key in answers[0]}

    def _taken(self, name: str, inputs: Arrays) -> Arrays:
        """The inputs that the signature takes: not every `prior` or `decode` takes beta."""
        return {key: array for key, array in inputs.items() if key in self.signatures.get(name, [])}

    def _check(self, name: str, inputs: Arrays) -> None:
        described = f"The model in {self.address} ({self.settings.model.model})"
        if name not in self.signatures:
            raise UserError(f"{described} has no signature '{name}', which this needs.")
        if set(inputs) != (taken := set(self.signatures[name])):
            given, wanted = (", ".join(sorted(names)) or "nothing" for names in (inputs, taken))
            raise UserError(f"{described} takes {wanted} in its signature '{name}', not {given}.")


def _image_shape(config: dict[str, Any]) -> ImageShape:
    """(H, W, C) of the model's images; raises KeyError, TypeError or ValueError if the configuration lacks it."""
    height, width, channels = (operator.index(size) for size in config["image_shape"])
    if min(height, width, channels) < 1:
        raise ValueError(config["image_shape"])
    return height, width, channels


def _with_component_probs(p_z: Arrays) -> Arrays:
    """Components with their probabilities; without the output `component_probs`, p(d) is uniform (eq. 4)."""
    groups, components = p_z["z_mean"].shape[:2]
    return {"component_probs": np.full([groups, components], 1 / components, np.float32)} | p_z


def _parts(inputs: Arrays, images_per_call: int) -> Iterator[Arrays]:
    """Consecutive groups, about `images_per_call` images at a time; groups are not divided."""
    first = next(iter(inputs.values()))
    groups = max(1, images_per_call // (first.shape[1] if first.ndim > 2 else 1))
    for start in range(0, len(first), groups):
        yield {name: _scaled(array[start : start + groups]) for name, array in inputs.items()}


def _scaled(array: np.ndarray) -> np.ndarray:
    """Scale uint8 images to [0, 1]; floats are unchanged."""
    if array.dtype == np.uint8:
        return array.astype(np.float32) / np.float32(255)
    return array.astype(np.int32 if array.dtype.kind == "i" else np.float32)
