"""Composition: linear regression of a group's label histogram on its code (our measure, not the paper's)."""

from collections.abc import Sequence

import numpy as np
from sklearn.linear_model import RidgeCV
from sklearn.metrics import r2_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ugvae_tf.errors import UserError

# The codes are scaled, so a penalty compares with the number of groups: from negligible to dominant.
PENALTIES = np.logspace(-3, 5, 17)


class Regression:
    """One ridge regression per label, on codes scaled to mean 0 and variance 1.

    Each label's penalty is selected by leave-one-out on the training groups.

    Args:
        codes: [N, F], one code per group.
        histograms: [N, V], the true proportion of each label in the group.
    """

    def __init__(self, codes: np.ndarray, histograms: np.ndarray) -> None:
        self._ridge = make_pipeline(StandardScaler(), RidgeCV(PENALTIES, alpha_per_target=True)).fit(codes, histograms)

    def predict(self, codes: np.ndarray) -> np.ndarray:
        """The proportions of other groups [T, V]."""
        return self._ridge.predict(codes).reshape(len(codes), -1)

    def r2(self, codes: np.ndarray, histograms: np.ndarray, names: Sequence[str]) -> dict[str, float]:
        """R2 = 1 - squared error / squared deviation from the mean of these groups, of each label's proportion.

        1 is perfect; an uninformative code gives 0 or slightly less. R2 is undefined for a label whose proportion is
        the same in all groups: that label is left out of the result and of the mean.

        Args:
            codes: [T, F]
            histograms: [T, V]
            names: the V labels' names.

        Returns:
            `r2_mean` and an `r2_<name>` for each label.

        Raises:
            UserError: no label's proportion varies among the groups.
        """
        varies = np.ptp(histograms, axis=0) > 0  # [V]
        if not varies.any():
            raise UserError("All test groups have the same composition: give `groups` of 2 or more, of mixed labels.")
        scores = r2_score(histograms[:, varies], self.predict(codes)[:, varies], multioutput="raw_values")
        varying_names = [name for name, kept in zip(names, varies, strict=True) if kept]
        by_label = {f"r2_{name}": float(score) for name, score in zip(varying_names, scores, strict=True)}
        return {"r2_mean": float(np.mean(scores)), **by_label}


def shuffled_r2(
    train_codes: np.ndarray, train_histograms: np.ndarray, test_codes: np.ndarray, test_histograms: np.ndarray
) -> np.ndarray:
    """`r2_mean` with shuffled labels [S], from one regression for all shuffles.

    Args:
        train_codes: [N, F]
        train_histograms: [S, N, V], of the same groups with the labels of the images shuffled.
        test_codes: [T, F]
        test_histograms: [S, T, V]
    """
    shuffles, _, values = train_histograms.shape
    fitted = Regression(train_codes, np.concatenate(train_histograms, axis=1))
    predicted = fitted.predict(test_codes).reshape(len(test_codes), shuffles, values).swapaxes(0, 1)
    error = ((predicted - test_histograms) ** 2).sum(axis=1)  # [S, V]
    deviation = ((test_histograms - test_histograms.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    varies = np.ptp(test_histograms, axis=1) > 0
    scores = np.where(varies, 1 - error / np.where(varies, deviation, 1), 0)
    return scores.sum(axis=1) / varies.sum(axis=1).clip(1)  # 0, as for an uninformative code, if no label varies
