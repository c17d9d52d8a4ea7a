"""Codes of images, and of any groups of them, from one pass of a served model over the images."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from ugvae_tf.codes import Arrays
from ugvae_tf.serving.served_model import ServedModel

MEANINGS = {
    "beta_mean": "mean of q(beta)",
    "z_mean": "mean of z over the group",
    "component_probs": "mean of q(d) over the group",
}
IMAGES_PER_CALL = 8192  # between two updates of the progress bar
# An optimal q(d) evaluates K networks of p(z | d, beta) for every image: [images, K, hidden] has to stay in the cache.
IMAGES_PER_CALL_OPTIMAL = 128


@dataclass(frozen=True)
class ImageCodes:
    """The codes of single images.

    An optimal q(d) depends on the group's beta: `component_probs` is then that of a group of one image.
    """

    precision: np.ndarray  # [N, M] of the image's expert; M is 0 in a model without beta
    precision_mean: np.ndarray  # [N, M]
    z_mean: np.ndarray  # [N, L]
    component_probs: np.ndarray  # [N, K]; K is 1 in a model without mixture
    prior_precision: np.ndarray  # [M] of p(beta) if it is a factor of q(beta), else 0
    prior_precision_mean: np.ndarray  # [M]


class GroupCodes(NamedTuple):
    """The codes of groups."""

    beta_mean: np.ndarray  # [groups, M]
    beta_stddev: np.ndarray  # [groups, M]
    component_probs: np.ndarray  # [groups, K], the mean of q(d) over the group
    z_mean: np.ndarray  # [groups, L], the mean over the group

    @property
    def features(self) -> dict[str, np.ndarray]:
        """The features of each group [groups, ...] that the model has, by the names in MEANINGS and in their order."""
        found = {"beta_mean": self.beta_mean, "z_mean": self.z_mean, "component_probs": self.component_probs}
        absent = {"beta_mean": 0, "z_mean": 0, "component_probs": 1}
        return {name: values for name, values in found.items() if values.shape[1] > absent[name]}

    @property
    def code(self) -> np.ndarray:
        """The code of each group: the mean of q(beta), or of z in a model without beta."""
        return next(iter(self.features.values()))


def encode_images(model: ServedModel, images: np.ndarray, title: str = "encoding") -> ImageCodes:
    """Codes of images [N, H, W, C], with a progress bar."""
    parts: list[Arrays] = []
    is_optimal = model.settings.model.component_posterior == "optimal"
    size = IMAGES_PER_CALL_OPTIMAL if is_optimal else IMAGES_PER_CALL
    for start in tqdm(range(0, len(images), size), desc=title, unit="call", leave=False):
        chunk = images[start : start + size]
        parts.append(_alone(model, chunk[:, np.newaxis]))
    of_image = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    prior, prior_mean = model.prior_parameters()
    return ImageCodes(**of_image, prior_precision=prior, prior_precision_mean=prior_mean)


def _alone(model: ServedModel, images: np.ndarray) -> Arrays:
    """Codes and experts of images [N, 1, H, W, C], each a group of one image: [N, ...]."""
    codes = model.encode(images)
    of_image = {"z_mean": codes.z_mean[:, 0], "component_probs": codes.component_probs[:, 0]}
    if model.settings.model.prior_expert:  # q(beta) of one image is its expert times p(beta)
        experts = model.experts(images)
        return of_image | {name: values[:, 0] for name, values in experts.items()}
    precision = codes.beta_stddev**-2  # [N, M]
    return of_image | {"precision": precision, "precision_mean": precision * codes.beta_mean}


def group_codes(codes: ImageCodes, members: Iterable[np.ndarray]) -> GroupCodes:
    """Codes of groups: sums of the experts' natural parameters, and of p(beta)'s if it is a factor (paper eq. 9).

    Args:
        members: [groups, B] indices of images, -1 is padding; or an array for each group.
    """
    rows = [_group_code(codes, group[group >= 0]) for group in members]
    return GroupCodes(*(np.stack(column) for column in zip(*rows, strict=True)))


def _group_code(codes: ImageCodes, group: np.ndarray) -> GroupCodes:
    precision = codes.precision[group].sum(axis=0) + codes.prior_precision
    mean = (codes.precision_mean[group].sum(axis=0) + codes.prior_precision_mean) / precision
    means = codes.component_probs[group].mean(axis=0), codes.z_mean[group].mean(axis=0)
    return GroupCodes(mean, precision**-0.5, *means)
