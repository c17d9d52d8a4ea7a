"""Groups of every category and random groups, drawn from any pool of the images of a split, with their features."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ugvae_tf.evaluation import sampling
from ugvae_tf.evaluation.categories import Category
from ugvae_tf.tasks.context import Context
from ugvae_tf.tasks.group_features import FEATURES, GroupFeatures

RANDOM = "random"  # the category of random groups
# The rows of table 1: the features of training groups and of test groups.
TRAINED_AND_TESTED = {
    **{name: (name, name) for name in FEATURES},
    "beta_sample": ("beta_sample", "beta_mean"),  # the paper's
    "beta_sample_on_samples": ("beta_sample", "beta_sample"),
    "label_histogram": ("label_histogram", "label_histogram"),
}
MEANINGS = FEATURES | {
    "beta_sample": "samples of q(beta), tested on means",
    "beta_sample_on_samples": "samples of q(beta), tested on samples",
    "label_histogram": "ceiling: true labels",
}


class Drawn(NamedTuple):
    """Groups, their features by name, and their categories."""

    features: dict[str, np.ndarray]  # each [groups, F]
    categories: np.ndarray  # [groups]

    def without_random(self) -> "Drawn":
        """The groups of the categories alone."""
        kept = self.categories != RANDOM
        return Drawn({name: values[kept] for name, values in self.features.items()}, self.categories[kept])


@dataclass(frozen=True)
class CategoryGroups:
    """Draws the same number of groups of each category from images of one split."""

    context: Context
    categories: list[Category]
    side: GroupFeatures
    values: np.ndarray  # [V], of the label histogram

    def has_category(self) -> np.ndarray:
        """The images that have a category, as indices."""
        return np.flatnonzero(np.any([each.has(self.side.labels) for each in self.categories], axis=0))

    @property
    def labels_of_categories(self) -> np.ndarray:
        """The labels of the images that have a category."""
        return self.side.labels[self.has_category()]

    def draw(
        self, groups: int, random: np.random.Generator, pool: np.ndarray | None = None, labels: np.ndarray | None = None
    ) -> Drawn:
        """Groups of each category, and as many random groups.

        Args:
            groups: of each category.
            pool: the images to draw from, as indices (default: all).
            labels: [N], other labels than the true ones, such as shuffled ones.
        """
        pool = np.arange(len(self.side.labels)) if pool is None else pool
        labels, size = (self.side.labels if labels is None else labels)[pool], self.context.largest
        drawn = [category.members(labels, groups, size, random) for category in self.categories]
        drawn.append(sampling.members_among(labels, np.unique(labels), groups, size, random))
        members = self.context.resized(pool[np.concatenate(drawn)], random)
        names = [*(category.name for category in self.categories), RANDOM]
        return Drawn(self._features(members, random), np.repeat(names, groups))

    def _features(self, members: np.ndarray, random: np.random.Generator) -> dict[str, np.ndarray]:
        codes = self.side.codes(members)
        found = codes.features | self.side.floors.features(members)
        if "beta_mean" in found:
            found["beta_sample"] = random.normal(codes.beta_mean, codes.beta_stddev)
        return found | {"label_histogram": sampling.histogram(self.side.labels, members, self.values)}
