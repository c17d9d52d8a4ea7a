"""Composition: prediction of a group's label histogram from its code."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from ugvae_tf.evaluation import sampling, spread
from ugvae_tf.evaluation.composition import Regression, shuffled_r2
from ugvae_tf.evaluation.floors import FLOORS
from ugvae_tf.tasks.category_verdict import carried
from ugvae_tf.tasks.composition_figures import DRAWS, described, label_dots, mean_bars
from ugvae_tf.tasks.context import Context, Report
from ugvae_tf.tasks.group_features import GroupFeatures, both_splits

GROUPS = 2000  # default of `groups`: training groups; the test has a quarter as many
RESAMPLED_GROUPS = 100  # for each resampled pool of images
CONCENTRATION = 1.0  # of the Dirichlet of the skewed groups: all proportions are equally likely


class Drawn(NamedTuple):
    """Groups: their members, features and true histograms."""

    members: np.ndarray  # [groups, B]
    features: dict[str, np.ndarray]  # each [groups, F]
    histograms: np.ndarray  # [groups, V]


def report(context: Context) -> Report:
    """Held-out R2 of a ridge regression from the code to the true label histogram, for codes and floors alike.

    Intervals are by bootstrap over the held-out images, the permutation p-value of random groups is over images.
    """
    metrics: dict[str, float] = {}
    train, held_out = both_splits(context)
    values = np.unique(train.labels)
    groups = [max(2, (context.request.groups or GROUPS) // part) for part in (1, 4)]
    for place, draw in enumerate(DRAWS):
        random = context.generator(place)
        fitted = _drawn(context, train, draw, groups[0], values, random)
        tested = _drawn(context, held_out, draw, groups[1], values, random)
        regressions = {name: Regression(codes, fitted.histograms) for name, codes in fitted.features.items()}
        for name, regression in regressions.items():
            scores = regression.r2(tested.features[name], tested.histograms, [str(value) for value in values])
            metrics |= {f"{draw}_{name}_{score}": value for score, value in scores.items()}
        with threadpool_limits(1):  # threads slow products of small matrices down, most on a busy machine
            metrics |= _intervals(context, held_out, draw, regressions, values, metrics)
        if draw == "random":
            metrics |= _permutation((train, fitted), (held_out, tested), values, metrics, random)
    judged = carried(len(held_out.labels), context.largest)
    metrics["disjoint_groups"] = float(spread.disjoint_groups(len(held_out.labels), context.largest))
    figures = {draw: mean_bars(context, metrics, draw, judged) for draw in DRAWS}
    figures |= {f"{draw}-labels": label_dots(metrics, draw, values) for draw in DRAWS}
    return Report(metrics, figures, f"{judged}\n\n{_table(metrics)}")


def _drawn(
    context: Context,
    side: GroupFeatures,
    draw: str,
    groups: int,
    values: np.ndarray,
    random: np.random.Generator,
    pool: np.ndarray | None = None,
) -> Drawn:
    """New groups of the images of the pool (default: all)."""
    pool = np.arange(len(side.labels)) if pool is None else pool
    if draw == "random":
        members = sampling.random_members(len(pool), groups, context.largest, random)
    else:
        members = sampling.skewed_members(side.labels[pool], groups, context.largest, CONCENTRATION, random)
    members = context.resized(pool[members], random)
    return Drawn(members, side.features(members), sampling.histogram(side.labels, members, values))


def _intervals(
    context: Context,
    held_out: GroupFeatures,
    draw: str,
    regressions: dict[str, Regression],
    values: np.ndarray,
    metrics: dict[str, float],
) -> dict[str, float]:
    """Bootstrap intervals over the held-out images of each mean R2, and of the code's minus the best floor's."""
    random, found = context.generator(list(DRAWS).index(draw), 1), []
    names = [str(value) for value in values]
    for _ in tqdm(range(spread.RESAMPLES), desc=f"bootstrap, {draw}", leave=False):
        drawn = _drawn(
            context, held_out, draw, RESAMPLED_GROUPS, values, random, spread.resampled(held_out.labels, random)
        )
        found.append(
            [each.r2(drawn.features[name], drawn.histograms, names)["r2_mean"] for name, each in regressions.items()]
        )
    resampled = dict(zip(regressions, np.transpose(found), strict=True))
    code, best = next(iter(regressions)), max(FLOORS, key=lambda floor: metrics[f"{draw}_{floor}_r2_mean"])
    ends = {f"{draw}_{name}_r2_mean": spread.percentiles(scores) for name, scores in resampled.items()}
    ends[f"{draw}_over_floor"] = spread.percentiles(resampled[code] - resampled[best])
    gain = {f"{draw}_over_floor": metrics[f"{draw}_{code}_r2_mean"] - metrics[f"{draw}_{best}_r2_mean"]}
    return gain | {
        f"{name}_{end}": x for name, pair in ends.items() for end, x in zip(("low", "high"), pair, strict=True)
    }


def _permutation(
    train: tuple[GroupFeatures, Drawn],
    test: tuple[GroupFeatures, Drawn],
    values: np.ndarray,
    metrics: dict[str, float],
    random: np.random.Generator,
) -> dict[str, float]:
    """The p-value of each mean R2: labels shuffled over all images of a split, the groups as they are."""
    histograms = [_shuffled_histograms(*part, values, random) for part in (train, test)]
    found = {}
    for name, codes in train[1].features.items():
        scores = shuffled_r2(codes, histograms[0], test[1].features[name], histograms[1])
        found[f"random_{name}_r2_mean_permutation_p"] = spread.permutation_p(
            metrics[f"random_{name}_r2_mean"], scores, random
        )
    return found


def _shuffled_histograms(
    side: GroupFeatures, drawn: Drawn, values: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """[SHUFFLES, groups, V]"""
    return np.stack(
        [sampling.histogram(random.permutation(side.labels), drawn.members, values) for _ in range(spread.SHUFFLES)]
    )


def _table(metrics: dict[str, float]) -> str:
    lines = ["Held-out R2 of a group's label histogram, mean over the labels, with 95 % intervals over the images"]
    lines += ["", f"{'':44}" + "".join(f"{meaning:>40}" for meaning in DRAWS.values()) + f"{'p, random':>12}"]
    for feature, meaning in described(metrics).items():
        cells = [_cell(metrics, f"{draw}_{feature}_r2_mean") for draw in DRAWS]
        p = metrics[f"random_{feature}_r2_mean_permutation_p"]
        lines.append(f"{meaning:44}" + "".join(f"{cell:>40}" for cell in cells) + f"{p:>12.2f}")
    over: Sequence[str] = [_cell(metrics, f"{draw}_over_floor") for draw in DRAWS]
    first = next(iter(described(metrics).values()))
    lines.append(f"{first + ' minus the best floor':44}" + "".join(f"{cell:>40}" for cell in over))
    return "\n".join(lines)


def _cell(metrics: dict[str, float], name: str) -> str:
    return f"{metrics[name]:.3f} ({metrics[f'{name}_low']:.2f} to {metrics[f'{name}_high']:.2f})"
