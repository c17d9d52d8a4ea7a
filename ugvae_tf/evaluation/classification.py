"""Batch classification: accuracy of a support vector machine that predicts a group's category from its code.

Paper section 4.3, table 1. Groups drawn with `evaluation.sampling` and the task
`batch-classification` avoid three weak points of the official protocol:

- With "random" as a class the official classes are unbalanced (300 random groups, 100 of each
  other class), so the majority baseline is 60 %; ours are balanced.
- The official groups, including the test groups, come from training images; our test groups
  come from held-out images only.
- The official test set has 40 groups, so one group is 2.5 %; the size of ours is a setting.
"""

import numpy as np
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from ugvae_tf.errors import UserError

KERNELS = ("linear", "rbf")  # the rows of table 1


def svm_accuracy(
    train_features: np.ndarray,
    train_labels: np.ndarray,
    test_features: np.ndarray,
    test_labels: np.ndarray,
    kernel: str = "linear",
) -> float:
    """The test accuracy of an SVM for the category of a group (paper table 1, "test accuracy").

    Args:
        train_features: [N, F], one code per group; features are scaled to mean 0 and variance 1 on these groups.
        train_labels: [N], the groups' categories.
        test_features: [T, F]
        test_labels: [T]
        kernel: `linear` or `rbf`.
    """
    return float(fitted_svm(train_features, train_labels, kernel).score(test_features, test_labels))


def fitted_svm(features: np.ndarray, labels: np.ndarray, kernel: str) -> "ScaledSvm":
    """Scaling and an SVM (scikit-learn's defaults: C = 1, one against one), fitted to the groups."""
    if len(np.unique(labels)) < 2:
        raise UserError("All groups are of one category: give at least two categories.")
    return ScaledSvm(features, labels, kernel)


class ScaledSvm:
    """scikit-learn's `SVC` on scaled features, with kernels as matrix products: features may be whole images.

    Its own kernels take most of the time at some thousand features, and give the same values.
    """

    def __init__(self, features: np.ndarray, labels: np.ndarray, kernel: str) -> None:
        self._scaler = StandardScaler().fit(features)
        self._train = self._scaler.transform(features).astype(np.float32)
        self._kernel = kernel
        variance = self._train.var()
        self._gamma = 1 / (self._train.shape[1] * variance) if variance else 1.0  # scikit-learn's "scale"
        self._svm = SVC(kernel="precomputed").fit(self._products(self._train), labels)

    def predict(self, features: np.ndarray) -> np.ndarray:
        """The categories of groups [T, F]: [T]."""
        return self._svm.predict(self._products(self._scaler.transform(features).astype(np.float32)))

    def score(self, features: np.ndarray, labels: np.ndarray) -> float:
        """The accuracy on groups [T, F]."""
        return float((self.predict(features) == labels).mean())

    def _products(self, scaled: np.ndarray) -> np.ndarray:
        """The kernel of groups [T, F] with the training groups: [T, N]."""
        products = scaled @ self._train.T
        if self._kernel == "linear":
            return products
        squares = (scaled**2).sum(axis=1)[:, np.newaxis] + (self._train**2).sum(axis=1)
        return np.exp(-self._gamma * (squares - 2 * products).clip(0))
