"""Features of groups of one split: the codes of the model, and the floors for the same groups."""

from dataclasses import dataclass

import numpy as np

from ugvae_tf.datasets.image_set import ImageSet
from ugvae_tf.evaluation.floors import FLOORS, Floors, FloorsOfImages
from ugvae_tf.serving.codes import MEANINGS, GroupCodes, ImageCodes, group_codes
from ugvae_tf.tasks.context import Context

FEATURES = MEANINGS | {name: f"floor: {meaning}" for name, meaning in FLOORS.items()}


@dataclass(frozen=True)
class GroupFeatures:
    """Images of one split with their labels, codes and floors."""

    images: ImageSet
    labels: np.ndarray  # [N]
    image_codes: ImageCodes
    floors: FloorsOfImages

    def codes(self, members: np.ndarray) -> GroupCodes:
        """The model's codes of groups [groups, B]; -1 is padding."""
        return group_codes(self.image_codes, members)

    def features(self, members: np.ndarray) -> dict[str, np.ndarray]:
        """Every code that the model has, and every floor, by the names in FEATURES: each [groups, F]."""
        return self.codes(members).features | self.floors.features(members)


def both_splits(context: Context) -> tuple[GroupFeatures, GroupFeatures]:
    """Training and held-out images; the floors are fitted to training images, with the seed of the task."""
    floors = Floors.fit(context.train.images, context.generator())
    sides = (context.train, context.train_codes), (context.held_out, context.held_out_codes)
    train, held_out = (
        GroupFeatures(images, context.labels(images), codes, floors.on(images.images)) for images, codes in sides
    )
    return train, held_out
