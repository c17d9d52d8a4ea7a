"""The held-out groups that the page shows: names, codes, places in the map, nearest groups and images."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from ugvae_tf.codes import neighbours
from ugvae_tf.errors import UserError
from ugvae_tf.evaluation import sampling
from ugvae_tf.explorer.axes import numbers
from ugvae_tf.serving.codes import group_codes
from ugvae_tf.serving.naming import DEFAULT
from ugvae_tf.tasks.context import Context

NEAREST = 5
LEAST = 3  # groups
ROWS, COLUMNS = 2, 6  # of the images of a group
JPEG_QUALITY = 80
SYMMETRIC_KL = "the symmetric KL divergence of q(beta)"
LEARNED = "the learned metric of the model (minus a log likelihood ratio)"


@dataclass(frozen=True)
class ShownGroups:
    """Groups of held-out images, in the order of the page."""

    names: list[str]
    members: np.ndarray  # [G, B] indices of images, padded with -1
    images: np.ndarray  # [G], how many each has
    beta_mean: np.ndarray  # [G, M]
    beta_stddev: np.ndarray  # [G, M]

    @classmethod
    def of(cls, context: Context, most: int) -> "ShownGroups":
        """At most so many groups: one of each value of the group label, or random ones.

        Raises:
            UserError: the label has fewer than LEAST values.
        """
        if not most:
            return cls([], *np.zeros([4, 0, 0]))
        names, members = _drawn(context, most)
        if len(names) < LEAST:
            raise UserError(
                f"The map needs {LEAST} groups, and the held-out images have {len(names)}: choose another `group_by`."
            )
        codes = group_codes(context.held_out_codes, members)
        return cls(names, members, (members >= 0).sum(axis=1), codes.beta_mean, codes.beta_stddev)

    def facts(self, context: Context) -> dict[str, Any]:
        """What the page reads."""
        metric = context.model.metric_of(self)
        places, distances = neighbours.nearest(self, min(NEAREST, len(self.names) - 1), metric)
        return {
            "names": self.names,
            "images": self.images.tolist(),
            "betas": numbers(self.beta_mean),
            "nearest": places.tolist(),
            "distances": numbers(distances),
            "metric": SYMMETRIC_KL if metric is None else LEARNED,
            "shown": ROWS * COLUMNS,
            "columns": COLUMNS,
        }

    def strip(self, context: Context, group: int, is_small: bool = False) -> tuple[str, bytes]:
        """Images of a group in at most ROWS of COLUMNS: the type of the file, and its bytes.

        Args:
            is_small: images in colour as JPEG, not as PNG.
        """
        present = self.members[group][self.members[group] >= 0]
        chosen = np.linspace(0, len(present) - 1, min(ROWS * COLUMNS, len(present))).astype(int)
        columns = math.ceil(len(chosen) / math.ceil(len(chosen) / COLUMNS))
        images = context.held_out.images[present[chosen]]
        images = np.pad(images, [(0, -len(images) % columns), *[(0, 0)] * 3])
        _, height, width, channels = images.shape
        strip = images.reshape(-1, columns, height, width, channels).swapaxes(1, 2)  # [rows, H, columns, W, C]
        strip = strip.reshape(-1, columns * width, channels)
        if is_small and strip.shape[-1] == 3:
            return "image/jpeg", tf.io.encode_jpeg(strip, quality=JPEG_QUALITY).numpy()
        return "image/png", tf.io.encode_png(strip).numpy()


def _drawn(context: Context, most: int) -> tuple[list[str], np.ndarray]:
    """Names and members of the groups; by a label in the order of its values."""
    random, images = context.generator(), context.held_out
    if context.group_label is None:
        members = _by_label(context, sampling.random_members(len(images), most, context.largest, random))
        return [f"random group {number + 1}" for number in range(len(members))], members
    values = images.group_label(context.group_label)
    members = sampling.label_members(values, most, context.largest, random, least=1)
    names = values[members[:, 0]]
    order = np.argsort(names, kind="stable")
    return [str(name) for name in names[order]], _by_label(context, members[order])


def _by_label(context: Context, members: np.ndarray) -> np.ndarray:
    """The members of each group in the order of their label, if there is one; padding stays last."""
    names = context.model.component_names
    labels = context.held_out.labels.get(DEFAULT if names is None else names.label)
    if labels is None:
        return members
    ranks = np.unique(labels, return_inverse=True)[1]
    keys = np.where(members >= 0, ranks[members], len(labels))
    return np.take_along_axis(members, np.argsort(keys, axis=1, kind="stable"), axis=1)
