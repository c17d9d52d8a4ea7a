"""The learned metric of a retrieval, and the measures of every query by every code and metric."""

from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from ugvae_tf.codes import symmetric_kl
from ugvae_tf.codes.plda import Plda
from ugvae_tf.evaluation import disjoint
from ugvae_tf.evaluation.retrieval import cosine_scores, query_measures
from ugvae_tf.tasks.retrieval_groups import CODES, Draw, Side

CHANCE = "chance"
PLDA_CODES = 6  # of n images, of each training group: at most
MOST_DIMENSIONS = 1024  # of a code with PLDA: the time grows with their cube. Mean images have more from 32x32 pixels


def fitted(train: Side, n: int, random: np.random.Generator) -> tuple[dict[str, Plda], dict[str, np.ndarray]]:
    """PLDA and the mean of each code over training groups, from disjoint sets of n images of each group.

    Sets that share images would resemble each other more than codes of other images do. Groups with fewer than 2n
    images are left out; with fewer than two groups there is no PLDA, nor is there one of codes of more than
    MOST_DIMENSIONS.
    """
    members, divisions = disjoint.sets(train.values, n, PLDA_CODES, random)
    if len(np.unique(train.values[members[:, 0]])) < 2:
        return {}, {}
    codes = {name: values for name, values in train.features(members).items() if name != "beta_stddev"}
    plda = {name: Plda.fit(each, divisions) for name, each in codes.items() if each.shape[1] <= MOST_DIMENSIONS}
    return plda, {name: values.mean(axis=0) for name, values in codes.items()}


@dataclass
class Measured:
    """The measures of each query, averaged over draws; and the last draw."""

    chance: float  # recall at 1: 1 / N of N groups in a draw, averaged over draws and groups as the measures are
    values: dict[str, np.ndarray]  # `code_metric_measure` -> [groups]
    draw: Draw
    scores: np.ndarray  # of the first code by its best metric [groups, groups]


def measured(
    side: Side,
    protocol: str,
    n: int,
    plda: dict[str, Plda],
    centre: dict[str, np.ndarray],
    repeats: int,
    random: np.random.Generator,
) -> Measured | None:
    """The measures of every code by every metric, or None if fewer than two groups have 2n images."""
    names = np.unique(side.values)
    sums: dict[str, np.ndarray] = {}
    counts = np.zeros(len(names))
    for _ in tqdm(range(repeats), desc=f"{protocol}, n = {n}", leave=False):
        draw = side.drawn(protocol, n, random)
        if len(draw[0]) < 2:
            return None
        queries, references = (side.features(members) for members in draw)
        scores = _scores(queries, references, plda, centre)
        places = np.searchsorted(names, side.values[draw[0][:, 0]])  # of the groups in this draw
        counts[places] += 1
        sums.setdefault(CHANCE, np.zeros(len(names)))[places] += 1 / len(places)
        for name, each in scores.items():
            for measure, values in query_measures(each).items():
                sums.setdefault(f"{name}_{measure}", np.zeros(len(names)))[places] += values
    averages = {name: total[counts > 0] / counts[counts > 0] for name, total in sums.items()}
    best = next(scores[f"{code}_{m}"] for code in CODES for m in ("plda", "cosine") if f"{code}_{m}" in scores)
    return Measured(float(averages.pop(CHANCE).mean()), averages, draw, best)


def _scores(
    queries: dict[str, np.ndarray],
    references: dict[str, np.ndarray],
    plda: dict[str, Plda],
    centre: dict[str, np.ndarray],
) -> dict[str, np.ndarray]:
    """`code_metric` -> [groups, groups]."""
    found = {}
    for name in (name for name in queries if name != "beta_stddev"):
        of_code = queries[name], references[name]
        found[f"{name}_cosine"] = cosine_scores(*of_code, centre.get(name, references[name].mean(axis=0)))
        if name in plda:
            found[f"{name}_plda"] = plda[name].scores(*of_code)
    if "beta_stddev" in queries:
        moments = (side[name] for side in (queries, references) for name in ("beta_mean", "beta_stddev"))
        found["beta_mean_kl"] = -symmetric_kl(*moments)
    return found
