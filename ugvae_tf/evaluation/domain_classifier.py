"""The domain classifier: the probability that a decoded image is of the second of two categories."""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


class DomainClassifier:
    """Logistic regression on the pixels of real images.

    Args:
        images: [N, H, W, C] in [0, 1].
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
