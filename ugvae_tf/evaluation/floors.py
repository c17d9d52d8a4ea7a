"""Floors: features of a group without a model of groups, for comparison with learned codes."""

from dataclasses import dataclass

import numpy as np
from sklearn.decomposition import PCA

COMPONENTS = 100  # of the PCA, or as many as the images allow
PCA_IMAGES = 10_000
RANDOM_FEATURES = 512
CHUNK = 4096  # images at a time
FLOORS = {
    "mean_image": "mean image",
    "pca": f"PCA-{COMPONENTS} of the mean image",
    "random_features": f"mean of {RANDOM_FEATURES} random ReLU features",
}


@dataclass(frozen=True)
class Floors:
    """Features of groups by the names in FLOORS, for images of any shape.

    `pca` is fitted to single images of training groups: a PCA of their mean images has as good a PLDA, but finds
    groups by distance half as often. The random features are relu(x W) of pixels x in [0, 1], W ~ N(0, 1), averaged
    over the group.
    """

    weights: np.ndarray  # [pixels, RANDOM_FEATURES]
    pca: PCA

    @classmethod
    def fit(cls, images: np.ndarray, random: np.random.Generator) -> "Floors":
        """From training images [N, H, W, C], bytes, of which PCA_IMAGES are enough."""
        weights = random.standard_normal((images[0].size, RANDOM_FEATURES)).astype(np.float32)
        chosen = images[random.permutation(len(images))[:PCA_IMAGES]]
        pixels = chosen.reshape(len(chosen), -1).astype(np.float32) / 255
        seed = int(random.integers(2**31))
        return cls(weights, PCA(min(COMPONENTS, *pixels.shape), random_state=seed).fit(pixels))

    def features(self, images: np.ndarray, members: np.ndarray) -> dict[str, np.ndarray]:
        """Of groups of images [N, H, W, C], bytes: members [groups, B], -1 is padding; each [groups, F]."""
        return self.on(images).features(members)

    def on(self, images: np.ndarray) -> "FloorsOfImages":
        """The same for many draws of groups of these images, whose random features are computed once."""
        parts = [self._random(images[start : start + CHUNK]) for start in range(0, len(images), CHUNK)]
        return FloorsOfImages(images, np.concatenate(parts), self.pca)

    def _random(self, images: np.ndarray) -> np.ndarray:
        return np.maximum(images.reshape(len(images), -1).astype(np.float32) / 255 @ self.weights, 0)


@dataclass(frozen=True)
class FloorsOfImages:
    """What the floors of groups of these images are averages of."""

    images: np.ndarray  # [N, H, W, C] uint8
    random_features: np.ndarray  # [N, RANDOM_FEATURES]
    pca: PCA

    def features(self, members: np.ndarray) -> dict[str, np.ndarray]:
        """Of groups: members [groups, B], -1 is padding; each [groups, F]."""
        means = mean_images(self.images, members)
        averages = np.stack([self.random_features[group[group >= 0]].mean(axis=0) for group in members])
        return {"mean_image": means, "pca": self.pca.transform(means), "random_features": averages}


def mean_images(images: np.ndarray, members: np.ndarray) -> np.ndarray:
    """The mean of each group's images, in [0, 1]: [groups, pixels]."""
    means = [images[group[group >= 0]].mean(axis=0, dtype=np.float32).ravel() / 255 for group in members]
    return np.stack(means)
