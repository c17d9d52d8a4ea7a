"""Codes of images and of any group of them, from one pass of a served model over the images."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from ugvae_tf.serving import Arrays, ServedModel

GROUP_SIZE = 128  # of the groups in which images are sent; no code of an image depends on it
GROUPS_PER_CALL = 64


@dataclass(frozen=True)
class ImageCodes:
    """What the model says of every image on its own."""

    precision: np.ndarray  # [N, M] of the image's expert
    precision_mean: np.ndarray  # [N, M]
    z_mean: np.ndarray  # [N, L]
    component_probs: np.ndarray  # [N, K]


class GroupCodes(NamedTuple):
    """What the model says of groups."""

    beta_mean: np.ndarray  # [groups, M]
    beta_stddev: np.ndarray  # [groups, M]
    component_probs: np.ndarray  # [groups, K], the mean of q(d) over the group


def encode_images(model: ServedModel, images: np.ndarray, title: str = "encoding") -> ImageCodes:
    """Codes of images [N, H, W, C], with a progress bar."""
    parts: list[Arrays] = []
    for chunk in tqdm(list(_chunks(len(images))), desc=title, unit="call", leave=False):
        groups = images[chunk][np.newaxis]  # one group per call: per-image outputs do not depend on the grouping
        answer = {**model.encode(groups), **model.experts(groups)}
        parts.append({key: answer[key][0] for key in ("precision", "precision_mean", "z_mean", "component_probs")})
    return ImageCodes(**{key: np.concatenate([part[key] for part in parts]) for key in parts[0]})


def _chunks(count: int) -> Iterator[slice]:
    size = GROUP_SIZE * GROUPS_PER_CALL
    return (slice(start, start + size) for start in range(0, count, size))


def group_codes(codes: ImageCodes, members: np.ndarray) -> GroupCodes:
    """Codes of groups: the experts' natural parameters add up (paper eq. 9).

    Args:
        members: [groups, B] indices of images; -1 where a smaller group has nobody.
    """
    rows = [_group_code(codes, group[group >= 0]) for group in members]
    return GroupCodes(*(np.stack(column) for column in zip(*rows, strict=True)))


def _group_code(codes: ImageCodes, group: np.ndarray) -> GroupCodes:
    precision = codes.precision[group].sum(axis=0)
    mean = codes.precision_mean[group].sum(axis=0) / precision
    return GroupCodes(mean, precision**-0.5, codes.component_probs[group].mean(axis=0))
