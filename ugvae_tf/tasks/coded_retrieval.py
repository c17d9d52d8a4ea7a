"""Retrieval from rows of images: n images of a group find the group among the codes of n others of all groups."""

import numpy as np
from matplotlib.figure import Figure
from tqdm import tqdm

from ugvae_tf.codes import symmetric_kl
from ugvae_tf.errors import UserError
from ugvae_tf.evaluation import disjoint
from ugvae_tf.evaluation.retrieval import cosine_scores, query_measures
from ugvae_tf.plots.curves import curves
from ugvae_tf.serving.codes import GroupCodes, group_codes
from ugvae_tf.tasks.coded_groups import CodedGroups
from ugvae_tf.tasks.context import Context, Report
from ugvae_tf.tasks.retrieval import COUNTS, REPEATS, summarised

TITLES = {"beta_mean_kl": "q(beta), symmetric KL", "beta_mean_cosine": "q(beta), cosine", "z_mean_cosine": "z, cosine"}


def report(context: Context) -> Report:
    """Recall at 1 and 5 and mean reciprocal rank beside chance; floors need pixels, and PLDA other groups."""
    coded, random = CodedGroups.of(context), context.generator()
    if coded.images is None:
        raise UserError(
            f"A retrieval needs a row an image: give the file of `ugvae encode --images`, not {_file(context)}."
        )
    typical = disjoint.typical_count(coded.images.group, None)
    metrics: dict[str, float] = {}
    for n in sorted({count or typical // 2 for count in COUNTS.values()}):
        if 1 <= n <= typical // 2:
            metrics |= _measured(coded, n, context.request.seeds or REPEATS, random)
    if not metrics:
        raise UserError(f"No two groups in {_file(context)} have two images each.")
    sizes = sorted({int(name.split("_")[1]) for name in metrics})
    return Report(metrics, {"recall": _curves(metrics, sizes)}, _table(metrics, sizes))


def _file(context: Context) -> str:
    return str(context.request.codes)


def _measured(coded: CodedGroups, n: int, repeats: int, random: np.random.Generator) -> dict[str, float]:
    """Measures of every code, averaged over draws of the images, with intervals over the groups."""
    assert coded.images is not None and coded.codes is not None
    draws: dict[str, list[np.ndarray]] = {}
    for _ in tqdm(range(repeats), desc=f"n = {n}", leave=False):
        drawn = disjoint.any_images(coded.images.group, n, random)
        if len(drawn[0]) < 2:
            return {}
        for name, scores in _scores(*(group_codes(coded.codes, members) for members in drawn)).items():
            for measure, values in query_measures(scores).items():
                draws.setdefault(f"{name}_{measure}", []).append(values)
    averages = {name: np.mean(each, axis=0) for name, each in draws.items()}
    return summarised(f"n_{n}", averages, random) | {f"n_{n}_chance": 1 / len(next(iter(averages.values())))}


def _scores(queries: GroupCodes, references: GroupCodes) -> dict[str, np.ndarray]:
    """`code_metric` -> [groups, groups]."""
    found = {}
    if queries.beta_mean.shape[1]:
        moments = queries.beta_mean, queries.beta_stddev, references.beta_mean, references.beta_stddev
        found["beta_mean_kl"] = -symmetric_kl(*moments)
        centre = references.beta_mean.mean(axis=0)
        found["beta_mean_cosine"] = cosine_scores(queries.beta_mean, references.beta_mean, centre)
    return found | {"z_mean_cosine": cosine_scores(queries.z_mean, references.z_mean, references.z_mean.mean(axis=0))}


def _names(metrics: dict[str, float], n: int) -> dict[str, str]:
    """Titles of the codes, and the names of their recall at 1."""
    names = {title: f"n_{n}_{name}_recall_at_1" for name, title in TITLES.items()}
    return {title: name for title, name in names.items() if name in metrics}


def _curves(metrics: dict[str, float], sizes: list[int]) -> Figure:
    lines = {
        title: np.array(
            [[n, *(metrics[_names(metrics, n)[title] + end] for end in ("", "_low", "_high"))] for n in sizes]
        )
        for title in _names(metrics, sizes[0])
    }
    return curves(
        lines,
        "Groups found again by other images of them",
        "A query is a group of the file; it is found if, of all groups, its other images have the nearest code. Lines "
        "with ends: 95 % intervals over the groups.",
        ("images of the query, and of each reference", "share of groups found (recall at 1)"),
        chance=np.array([[n, metrics[f"n_{n}_chance"]] for n in sizes]),
        limits=(0.0, 1.03),
    )


def _table(metrics: dict[str, float], sizes: list[int]) -> str:
    lines = ["Recall at 1 of groups, with 95 % intervals over the groups; query and reference share no image", ""]
    lines.append(f"{'n':>4}" + "".join(f"{title:>24}" for title in _names(metrics, sizes[0])) + f"{'chance':>10}")
    for n in sizes:
        cells = [
            f"{metrics[name]:.3f} ({metrics[f'{name}_low']:.2f} to {metrics[f'{name}_high']:.2f})"
            for name in _names(metrics, n).values()
        ]
        lines.append(f"{n:>4}" + "".join(f"{cell:>24}" for cell in cells) + f"{metrics[f'n_{n}_chance']:>10.3f}")
    return "\n".join([*lines, "", "Floors of pixels need images: leave out `codes`."])
