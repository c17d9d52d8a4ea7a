"""Accuracies of SVMs for the category of groups, with their spread over the held-out images."""

from collections import defaultdict

import numpy as np
from tqdm import tqdm

from ugvae_tf.evaluation import classification, spread
from ugvae_tf.evaluation.floors import FLOORS
from ugvae_tf.tasks.category_groups import TRAINED_AND_TESTED, CategoryGroups, Drawn
from ugvae_tf.tasks.group_features import FEATURES

SUFFIXES = ("", "_with_random")
SHUFFLED_GROUPS = 25  # of each category, for every shuffle of the labels
Accuracies = dict[str, float]


class Trial:
    """SVMs of every row of table 1, fitted to one draw of training groups."""

    def __init__(self, drawn: Drawn) -> None:
        self._svms = {
            (row, kernel, suffix): classification.fitted_svm(part.features[trained], part.categories, kernel)
            for suffix, part in _parts(drawn).items()
            for row, (trained, _) in TRAINED_AND_TESTED.items()
            if trained in part.features
            for kernel in classification.KERNELS
        }

    def accuracies(self, drawn: Drawn, kind: str = "test") -> Accuracies:
        """Of every SVM on other groups, by the names in metrics.json; `train` takes the groups of the fit."""
        parts, found = _parts(drawn), {}
        for (row, kernel, suffix), svm in self._svms.items():
            feature = TRAINED_AND_TESTED[row][0 if kind == "train" else 1]
            part = parts[suffix]
            found[f"{row}_{kernel}_{kind}_accuracy{suffix}"] = svm.score(part.features[feature], part.categories)
        return found


def _parts(drawn: Drawn) -> dict[str, Drawn]:
    return dict(zip(SUFFIXES, (drawn.without_random(), drawn), strict=True))


def accuracies(train: CategoryGroups, held_out: CategoryGroups, groups: int, seeds: int) -> Accuracies:
    """Mean, standard error by halves and bootstrap interval of every accuracy; the gain over the best floor.

    Each seed draws training groups, and divides the held-out images anew into two halves, from which it draws half
    of the test groups each. The bootstrap draws new test groups from resampled held-out images, for the SVMs of each
    seed in turn.
    """
    trials, found, trained = [], defaultdict(list), defaultdict(list)
    for seed in tqdm(range(seeds), desc="seeds", leave=False):
        random = train.context.generator(seed)
        drawn = train.draw(groups, random)
        trials.append(Trial(drawn))
        for name, value in trials[-1].accuracies(drawn, "train").items():
            trained[name].append(value)
        halves = [
            trials[-1].accuracies(held_out.draw(-(-groups // 4), random, pool))
            for pool in spread.halves(held_out.side.labels, random, np.unique(held_out.labels_of_categories))
        ]
        for name in halves[0]:
            found[name].append([half[name] for half in halves])
    metrics = {f"{name}_mean": float(np.mean(values)) for name, values in trained.items()}
    resampled = _resampled(trials, held_out, -(-groups // 2))
    for name, pairs in found.items():
        metrics[f"{name}_mean"] = float(np.mean(pairs))
        metrics[f"{name}_standard_error"] = spread.half_split_error(np.array(pairs))
        metrics |= _ends(name, resampled[name])
    return metrics | _over_floor(metrics, resampled)


def _resampled(trials: list[Trial], held_out: CategoryGroups, groups: int) -> dict[str, np.ndarray]:
    """Accuracies on groups of resampled held-out images, each [RESAMPLES]."""
    random, found = held_out.context.generator(len(trials), 1), defaultdict(list)
    for place in tqdm(range(spread.RESAMPLES), desc="bootstrap", leave=False):
        drawn = held_out.draw(groups, random, spread.resampled(held_out.side.labels, random))
        for name, value in trials[place % len(trials)].accuracies(drawn).items():
            found[name].append(value)
    return {name: np.array(values) for name, values in found.items()}


def _over_floor(metrics: Accuracies, resampled: dict[str, np.ndarray]) -> Accuracies:
    """The code's accuracy minus that of the best floor, with the interval of the difference on the same images."""
    code, found = code_of(metrics), {}
    for suffix in SUFFIXES:
        for kernel in classification.KERNELS:
            names = {row: f"{row}_{kernel}_test_accuracy{suffix}" for row in (code, *FLOORS)}
            best = max(FLOORS, key=lambda row: metrics[f"{names[row]}_mean"])
            name = f"over_floor_{kernel}{suffix}"
            found[name] = metrics[f"{names[code]}_mean"] - metrics[f"{names[best]}_mean"]
            found |= _ends(name, resampled[names[code]] - resampled[names[best]])
    return found


def code_of(metrics: Accuracies) -> str:
    """The code of the model that the verdict is about: the mean of q(beta), or of z in a model without beta."""
    return next(row for row in FEATURES if f"{row}_linear_test_accuracy_mean" in metrics)


def _ends(name: str, values: np.ndarray) -> Accuracies:
    low, high = spread.percentiles(values)
    return {f"{name}_low": low, f"{name}_high": high}


def shuffles(train: CategoryGroups, held_out: CategoryGroups) -> Accuracies:
    """For each code and floor the permutation p-value, the observed accuracy, and the LEVEL % range of shuffled labels.

    Labels are shuffled over the images of either split that have a category, and all groups are drawn anew. The
    measure is the test accuracy of the linear SVM, without random groups, in one draw of few groups.
    """
    random = held_out.context.generator(0, 2)
    observed = _measured(train, held_out, (train.side.labels, held_out.side.labels), random)
    found = defaultdict(list)
    pools = [(each.side.labels, each.has_category()) for each in (train, held_out)]
    for _ in tqdm(range(spread.SHUFFLES), desc="shuffled labels", leave=False):
        first, second = (spread.shuffled_labels(*pool, random) for pool in pools)
        for name, value in _measured(train, held_out, (first, second), random).items():
            found[name].append(value)
    metrics = {}
    for name, values in found.items():
        metrics[f"{name}_permutation_p"] = spread.permutation_p(observed[name], np.array(values), random)
        metrics[f"{name}_observed"] = observed[name]
        metrics |= _ends(f"{name}_shuffled", np.array(values))
    return metrics


def _measured(
    train: CategoryGroups,
    held_out: CategoryGroups,
    labels: tuple[np.ndarray, np.ndarray],
    random: np.random.Generator,
) -> Accuracies:
    fitted = train.draw(SHUFFLED_GROUPS, random, labels=labels[0]).without_random()
    tested = held_out.draw(SHUFFLED_GROUPS, random, labels=labels[1]).without_random()
    return {
        name: classification.svm_accuracy(
            fitted.features[name], fitted.categories, tested.features[name], tested.categories
        )
        for name in FEATURES
        if name in fitted.features
    }
