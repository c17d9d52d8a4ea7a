"""A classifier of a label, fitted to real images, for generated images."""

import warnings

import numpy as np
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

DIRECTIONS = 100  # of the PCA that the network takes, or as many as there are
UNITS = 256
EPOCHS = 10
SURE = 0.9  # a probability above which an image is recognised
MOST = 60_000  # training images
CHUNK = 8192  # images at a time


class LabelClassifier:
    """A network with one hidden layer on the PCA of the pixels, which is cheap for images of any size.

    Args:
        images: [N, H, W, C], bytes.
        labels: [N], of two values or more.
    """

    def __init__(self, images: np.ndarray, labels: np.ndarray, seed: int) -> None:
        chosen = np.random.default_rng(seed).permutation(len(images))[:MOST]
        pixels = _pixels(images[chosen])
        self._pca = PCA(min(DIRECTIONS, *pixels.shape), svd_solver="randomized", random_state=seed).fit(pixels)
        directions = self._pca.transform(pixels)
        self._scale = directions[:, 0].std() + 1e-9  # of all directions, so that those of little variance stay small
        self._network = MLPClassifier(UNITS, max_iter=EPOCHS, learning_rate_init=2e-3, random_state=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # training stops after EPOCHS
            self._network.fit(directions / self._scale, labels[chosen])

    @property
    def values(self) -> np.ndarray:
        """The values of the label [V]."""
        return self._network.classes_

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """The probability of each value, for images [N, H, W, C], bytes or floats in [0, 1]: [N, V]."""
        return np.concatenate([self._network.predict_proba(part) for part in self._directions(images)])

    def labels(self, images: np.ndarray) -> np.ndarray:
        """The most probable label of each image [N]."""
        return self.values[self.probabilities(images).argmax(axis=1)]

    def accuracy(self, images: np.ndarray, labels: np.ndarray) -> float:
        """The accuracy on images with known labels."""
        return float((self.labels(images) == labels).mean())

    def recognised(self, images: np.ndarray) -> np.ndarray:
        """Whether the largest probability of each image is above SURE [N]."""
        return self.probabilities(images).max(axis=1) > SURE

    def features(self, images: np.ndarray) -> np.ndarray:
        """The activations of the hidden layer [N, UNITS]."""
        weights, bias = self._network.coefs_[0], self._network.intercepts_[0]
        return np.concatenate([np.maximum(part @ weights + bias, 0) for part in self._directions(images)])

    def _directions(self, images: np.ndarray) -> list[np.ndarray]:
        parts = [images[start : start + CHUNK] for start in range(0, len(images), CHUNK)]
        return [self._pca.transform(_pixels(part)) / self._scale for part in parts]


def _pixels(images: np.ndarray) -> np.ndarray:
    flat = images.reshape(len(images), -1).astype(np.float32)
    return flat / 255 if images.dtype == np.uint8 else flat
