"""The domain classifier: the probability that a decoded image is of the second of two categories."""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ugvae_tf.errors import UserError


def balanced_examples(
    is_first: np.ndarray, is_second: np.ndarray, most: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Random images of two categories in equal numbers, as indices [n], and whether each is of the second one [n].

    Images of both categories are left out. An accuracy on such images is .5 by chance.

    Args:
        is_first: [N]
        is_second: [N]
        most: at most this many images in all.

    Raises:
        UserError: a category has no image of its own.
    """
    own = [np.flatnonzero(is_first & ~is_second), np.flatnonzero(is_second & ~is_first)]
    count = min(most // 2, *map(len, own))
    if not count:
        raise UserError("One of the categories has no image of its own: choose other ones with `between`.")
    chosen = np.concatenate([random.permutation(images)[:count] for images in own])
    order = random.permutation(2 * count)
    return chosen[order], (np.arange(2 * count) >= count)[order]


class DomainClassifier:
    """Logistic regression on the pixels of real images.

    Args:
        images: [N, H, W, C] in [0, 1], of both categories in equal numbers.
        truth: [N], whether an image is of the second category.
    """

    def __init__(self, images: np.ndarray, truth: np.ndarray) -> None:
        self._classifier = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=200))
        self._classifier.fit(images.reshape(len(images), -1), truth)

    def accuracy(self, images: np.ndarray, truth: np.ndarray) -> float:
        """The accuracy on other real images [N, H, W, C]."""
        return float(self._classifier.score(images.reshape(len(images), -1), truth))

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """The probability of the second category for images [..., H, W, C]: [...]."""
        flat = images.reshape(-1, np.prod(images.shape[-3:]))
        return self._classifier.predict_proba(flat)[:, 1].reshape(images.shape[:-3])
