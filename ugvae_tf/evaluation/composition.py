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


def composition_r2(
    train_codes: np.ndarray,
    train_histograms: np.ndarray,
    test_codes: np.ndarray,
    test_histograms: np.ndarray,
    names: Sequence[str],
) -> dict[str, float]:
    """Held-out R2 of each label's proportion, predicted from the code.

    One ridge regression per label, on codes scaled to mean 0 and variance 1; each label's penalty
    is selected by leave-one-out on the training groups. R2 = 1 - squared error / squared deviation
    from the mean of the test groups: 1 is perfect; an uninformative code gives 0 or slightly less.

    R2 is undefined for a label whose proportion is the same in all test groups: that label is left
    out of the result and of the mean.

    Args:
        train_codes: [N, F], one code per group.
        train_histograms: [N, V], the true proportion of each label in the group.
        test_codes: [T, F]
        test_histograms: [T, V]
        names: the V labels' names.

    Returns:
        `r2_mean` and an `r2_<name>` for each label.

    Raises:
        UserError: no label's proportion varies among the test groups.
    """
    varies = np.ptp(test_histograms, axis=0) > 0  # [V]
    if not varies.any():
        raise UserError("All test groups have the same composition: give `groups` of 2 or more, of mixed labels.")
    regression = make_pipeline(StandardScaler(), RidgeCV(PENALTIES, alpha_per_target=True))
    predicted = regression.fit(train_codes, train_histograms[:, varies]).predict(test_codes)
    scores = r2_score(test_histograms[:, varies], predicted.reshape(len(test_codes), -1), multioutput="raw_values")
    varying_names = [name for name, kept in zip(names, varies, strict=True) if kept]
    by_label = {f"r2_{name}": float(score) for name, score in zip(varying_names, scores, strict=True)}
    return {"r2_mean": float(np.mean(scores)), **by_label}
