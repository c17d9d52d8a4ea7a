"""Classification of single images by the label from which the categories of groups are made."""

import numpy as np
from scipy.stats import rankdata
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ugvae_tf.evaluation.spread import RESAMPLES, percentiles, resampled

IMAGES = 5000  # images of each split, at most


def label_auc(
    train_features: np.ndarray,
    train_labels: np.ndarray,
    test_features: np.ndarray,
    test_labels: np.ndarray,
    random: np.random.Generator,
) -> tuple[float, float, float]:
    """The area under the ROC curve of single test images, and the ends of its bootstrap interval over them.

    Linear discriminant analysis with a shrunken covariance (Ledoit and Wolf 2004) is fitted to the training images;
    the areas of each label against the rest are averaged. 0.5 is chance, whatever the shares of the labels.

    Args:
        train_features: [N, F], of single images, of which at most IMAGES are used.
        train_labels: [N], of two values or more.
        test_features: [T, F]
        test_labels: [T]
    """
    chosen = random.permutation(len(train_labels))[:IMAGES]
    tested = random.permutation(np.flatnonzero(np.isin(test_labels, train_labels[chosen])))[:IMAGES]
    discriminant = make_pipeline(StandardScaler(), LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"))
    discriminant.fit(train_features[chosen], train_labels[chosen])
    scores, truth = discriminant.decision_function(test_features[tested]), test_labels[tested]
    if scores.ndim == 1:
        scores = np.stack([-scores, scores], axis=1)
    draws = (resampled(truth, random) for _ in range(RESAMPLES))
    areas = [mean_auc(scores[rows], truth[rows], discriminant.classes_) for rows in draws]
    return mean_auc(scores, truth, discriminant.classes_), *percentiles(np.array(areas))


def mean_auc(scores: np.ndarray, labels: np.ndarray, values: np.ndarray) -> float:
    """The mean area over the values that some images, but not all, have.

    Args:
        scores: [N, V], of each value.
        labels: [N]
        values: [V]
    """
    areas = []
    for score, value in zip(scores.T, values, strict=True):
        positive = labels == value
        count = positive.sum()
        if 0 < count < len(labels):  # the rank sum of Mann and Whitney; ties count half
            above = rankdata(score)[positive].sum() - count * (count + 1) / 2
            areas.append(above / (count * (len(labels) - count)))
    return float(np.mean(areas))
