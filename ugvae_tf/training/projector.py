"""Codes of groups for TensorBoard's projector: a point for each group, with some of its images as its picture."""

import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from ugvae_tf.datasets.grouping import Grouping, held_out_members
from ugvae_tf.datasets.image_set import ImageSet
from ugvae_tf.files import replace_text
from ugvae_tf.models.base import GroupModel

MOST_GROUPS = 500
LONGEST_SIDE = 64  # pixels of a group's picture: two by two images
CONFIG = """embeddings {{
  tensor_name: "codes of {count} validation groups"
  tensor_path: "codes.tsv"
  metadata_path: "groups.tsv"
  sprite {{ image_path: "sprite.png" single_image_dim: {width} single_image_dim: {height} }}
}}
"""


class Points(NamedTuple):
    """The groups in the projector."""

    codes: np.ndarray  # [groups, M] mean of q(beta), or [groups, L] mean of z in a model without beta
    pictures: np.ndarray  # [groups, h, w, C] uint8
    sizes: np.ndarray  # [groups] images
    names: np.ndarray  # [groups]


def write_projector(folder: Path, model: GroupModel, images: ImageSet, grouping: Grouping) -> None:
    """Write the files of the projector for groups that are not trained on."""
    points = points_of(model, images, grouping)
    count, height, width, _ = points.pictures.shape
    rows = [f"{name}\t{size}" for name, size in zip(points.names, points.sizes, strict=True)]
    replace_text(folder / "groups.tsv", "\n".join(["group\timages", *rows]) + "\n")
    replace_text(folder / "codes.tsv", "".join("\t".join(f"{x:.6g}" for x in code) + "\n" for code in points.codes))
    (folder / "sprite.png").write_bytes(tf.io.encode_png(sprite(points.pictures)).numpy())
    replace_text(folder / "projector_config.pbtxt", CONFIG.format(count=count, width=width, height=height))


def points_of(model: GroupModel, images: ImageSet, grouping: Grouping) -> Points:
    """Codes and pictures of the first groups."""
    steps = max(1, MOST_GROUPS // grouping.groups_per_step)
    parts = [_points(model, *step) for step in images.held_out_groups(grouping).take(steps)]
    codes, pictures, sizes = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Points(codes, pictures, sizes, _names(images, grouping)[: len(codes)])


def _points(model: GroupModel, images: tf.Tensor, mask: tf.Tensor) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    found, sizes = model.encoded(images, mask), np.sum(mask, axis=1).astype(int)
    if model.config.has_beta:
        code = found["beta_mean"].numpy()
    else:
        code = np.sum(found["z_mean"] * mask[..., tf.newaxis], axis=1) / np.maximum(sizes, 1)[:, np.newaxis]
    return code, _pictures(images.numpy() * mask[:, :, tf.newaxis, tf.newaxis, tf.newaxis].numpy()), sizes


def _pictures(groups: np.ndarray) -> np.ndarray:
    """The first four images of each group [G, B, H, W, C] in [0, 1], two by two, as uint8."""
    four = np.zeros([len(groups), 4, *groups.shape[2:]], np.float32)
    four[:, : groups.shape[1]] = groups[:, :4]
    rows = np.concatenate([four[:, ::2], four[:, 1::2]], axis=3)  # [G, 2, H, 2W, C]
    stride = max(1, math.ceil(max(rows.shape[2] * 2, rows.shape[3]) / LONGEST_SIDE))
    return (255 * np.concatenate([rows[:, 0], rows[:, 1]], axis=1)[:, ::stride, ::stride]).astype(np.uint8)


def _names(images: ImageSet, grouping: Grouping) -> np.ndarray:
    """The value of the group label of each group, or its number."""
    values = None if grouping.label is None else images.group_label(grouping.label)
    members = held_out_members(len(images), grouping, values)
    return np.arange(len(members)).astype(str) if values is None else values[members[:, 0]].astype(str)


def sprite(pictures: np.ndarray) -> np.ndarray:
    """Pictures [n, h, w, C] in rows, in a square of as many rows as columns [rows * h, rows * w, C]."""
    count, height, width, channels = pictures.shape
    side = math.ceil(math.sqrt(count))
    filled = np.zeros([side * side, height, width, channels], np.uint8)
    filled[:count] = pictures
    return filled.reshape(side, side, height, width, channels).swapaxes(1, 2).reshape(side * height, side * width, -1)
