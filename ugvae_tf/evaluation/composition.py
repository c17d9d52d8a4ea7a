"""Composition: how much of a group's make-up its code knows, linearly (a measure of ours, not the paper's)."""

from collections.abc import Sequence

import numpy as np
from sklearn.linear_model import RidgeCV
from sklearn.metrics import r2_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ugvae_tf.errors import UserError

# The codes are scaled, so a penalty is to be seen beside the number of groups: from next to none to overwhelming.
PENALTIES = np.logspace(-3, 5, 17)


def composition_r2(
    train_codes: np.ndarray,
    train_histograms: np.ndarray,
    test_codes: np.ndarray,
    test_histograms: np.ndarray,
    names: Sequence[str],
) -> dict[str, float]:
    """The share of the variance of each label's proportion that the code explains in held-out groups.

    A ridge regression per label, on codes scaled to mean 0 and variance 1; each label's penalty
    is chosen by leave-one-out on the training groups. R2 = 1 - squared error / squared deviation
    from the test groups' own mean: 1 is perfect, a code that knows nothing scores 0 or a little less.

    A label whose proportion is the same in all test groups has no R2: it has no entry in the
    result and no part in the mean.

    Args:
        train_codes: [N, F], one code per group.
        train_histograms: [N, V], the true share of each label in the group.
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
