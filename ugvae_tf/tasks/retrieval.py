"""Retrieval: n images of a group find the group among the codes of n other images of all groups."""

import numpy as np
from matplotlib.figure import Figure
from threadpoolctl import threadpool_limits

from ugvae_tf.codes.plda import Plda
from ugvae_tf.errors import UserError
from ugvae_tf.evaluation.bootstrap import share_with_interval, with_interval
from ugvae_tf.evaluation.floors import FLOORS, Floors
from ugvae_tf.plots import pictures
from ugvae_tf.plots.curves import curves
from ugvae_tf.tasks import learned_metric
from ugvae_tf.tasks.context import Context, Report
from ugvae_tf.tasks.retrieval_groups import CODES, Side
from ugvae_tf.tasks.retrieval_scores import MOST_DIMENSIONS, Measured, fitted, measured

REPEATS = 5  # default of `seeds`: draws of the images
COUNTS = {"1": 1, "3": 3, "10": 10, "half": None}
METRICS = {"cosine": "cosine", "kl": "symmetric KL", "plda": "PLDA"}
SHOWN, STRIP = 6, 8  # queries in the figure, and images of each


def report(context: Context) -> Report:
    """Recall at 1 and 5 and mean reciprocal rank for n = 1, 3, 10 and half of a group, beside floors and chance.

    All codes have the same groups, images and metrics. PLDA is fitted to codes of disjoint sets of n images of
    training groups. The cosine is that of codes minus their mean over training groups. Intervals are over the held-out
    groups.
    """
    random = context.generator()
    floors = Floors.fit(context.train.images, random)
    held_out, train = (Side.of(context, split, floors) for split in ("held-out", "train"))
    if context.request.store_metric:
        learned_metric.check(context, held_out.label)
    with threadpool_limits(1):  # threads slow products of small matrices down, most on a busy machine
        metrics, sizes, last, plda = _measured(context, held_out, train, random)
    if last is None:
        raise UserError("No two groups have two images each: give a label whose values repeat with `group_by`.")
    figures = {
        f"recall-{protocol}": _curves(metrics, sizes, held_out, protocol) for protocol in _there(metrics, held_out)
    }
    figures["nearest"] = _strips(held_out, last)
    table = _table(metrics, sizes, held_out)
    if context.request.store_metric:
        assert held_out.label is not None
        table += "\n\n" + learned_metric.stored(context, held_out.label, plda)
    return Report(metrics, figures, table)


def _measured(
    context: Context, held_out: Side, train: Side, random: np.random.Generator
) -> tuple[dict[str, float], dict[str, int], Measured | None, dict[int, Plda]]:
    """The metrics, n by its name, the last measurement, and PLDA of beta by n."""
    metrics: dict[str, float] = {}
    sizes: dict[str, int] = {}
    last: Measured | None = None
    of_beta: dict[int, Plda] = {}
    for name in COUNTS:
        n = COUNTS[name] or held_out.typical // 2
        if not 1 <= n <= held_out.typical // 2 or n in sizes.values():
            continue
        plda, centre = fitted(train, n, random)
        if "beta_mean" in plda:
            of_beta[n] = plda["beta_mean"]
        for protocol in held_out.protocols:
            found = measured(held_out, protocol, n, plda, centre, context.request.seeds or REPEATS, random)
            if found is not None:
                sizes[name] = n
                metrics |= summarised(f"{protocol}_{name}", found.values, random)
                metrics[f"{protocol}_{name}_chance"] = found.chance
                last = found
    return metrics, sizes, last, of_beta


def summarised(prefix: str, values: dict[str, np.ndarray], random: np.random.Generator) -> dict[str, float]:
    """Means with intervals, by `prefix_code_metric_measure`.

    Bootstrap intervals over the groups, but where all queries or none found their group: exact ones of shares.
    """
    found: dict[str, float] = {}
    for name, each in values.items():
        if (each == 0).all() or (each == 1).all():
            found |= share_with_interval(f"{prefix}_{name}", each)
        else:
            found |= with_interval(f"{prefix}_{name}", each, random)
    return found


def _metrics_of(metrics: dict[str, float], prefix: str, code: str) -> dict[str, str]:
    """The metrics by which this code is measured: the names of their recall at 1."""
    names = {metric: f"{prefix}_{code}_{metric}_recall_at_1" for metric in METRICS}
    return {metric: name for metric, name in names.items() if name in metrics}


def _curves(metrics: dict[str, float], sizes: dict[str, int], side: Side, protocol: str) -> Figure:
    lines = {}
    for code, title in (CODES | {name: f"floor: {title}" for name, title in FLOORS.items()}).items():
        names = {n: _metrics_of(metrics, f"{protocol}_{name}", code) for name, n in sizes.items()}
        best = {n: found.get("plda") or found.get("cosine") for n, found in names.items()}
        points = [[n, *(metrics[f"{name}{end}"] for end in ("", "_low", "_high"))] for n, name in best.items() if name]
        if points:
            lines[title] = np.array(points)
    chances = {n: metrics.get(f"{protocol}_{name}_chance") for name, n in sizes.items()}
    return curves(
        lines,
        f"Groups found again by other images of them: {side.protocols[protocol]}",
        f"A query is a held-out group{f' by {side.label}' if side.label else ', at random'}; it is found if, of all "
        "groups, its other images have the nearest code (by PLDA, or by the cosine without training groups). Lines "
        "with ends: 95 % intervals over the groups.",
        ("images of the query, and of each reference", "share of groups found (recall at 1)"),
        chance=np.array([[n, value] for n, value in chances.items() if value is not None]),
        limits=(0.0, 1.03),
    )


def _there(metrics: dict[str, float], side: Side) -> list[str]:
    """The protocols of which there are figures."""
    return [each for each in side.protocols if any(name.startswith(f"{each}_") for name in metrics)]


def _strips(side: Side, found: Measured) -> Figure:
    """Images of a query, and those of the nearest references; the right one is framed."""
    queries, references = found.draw
    rows, labels, framed = [], [], []
    for query in range(min(SHOWN, len(queries))):
        best = found.scores[query].argsort()[::-1][:2]
        for place, members in ((None, queries[query]), *((each, references[each]) for each in best)):
            rows.append(side.images[members[:STRIP]] / 255)
            name = side.values[members[0]]
            labels.append(f"query: {name}" if place is None else str(name))
            framed.append(np.arange(STRIP) < (len(members) if place == query else 0))
    width = min(STRIP, max(map(len, rows)))
    return pictures.image_grid(
        pictures.rows_of(rows, STRIP),
        "Groups, each above the two groups with the nearest codes",
        labels,
        framed=np.stack(framed)[:, :width],
        caption="Framed: other images of the same group, so the right answer. No image is in both.",
        row_blocks=range(0, len(rows), 3),
    )


def _table(metrics: dict[str, float], sizes: dict[str, int], side: Side) -> str:
    by = f"groups by {side.label}" if side.label else "random groups, in which chance is the true answer"
    lines = [f"Recall at 1 of held-out groups ({by}), with 95 % intervals over the groups"]
    for protocol, meaning in side.protocols.items():
        apart = " and no content" if side.contents is not None else ""
        lines += ["", f"{meaning}: query and reference share no image{apart}"]
        lines.append(f"{'n':>4}  {'':42}" + "".join(f"{title:>22}" for title in METRICS.values()))
        for name, n in sizes.items():
            if f"{protocol}_{name}_chance" not in metrics:
                continue
            for code, title in (CODES | FLOORS).items():
                found = _metrics_of(metrics, f"{protocol}_{name}", code)
                cells = [_cell(metrics, found.get(metric)) for metric in METRICS]
                lines += [f"{n:>4}  {title:42}" + "".join(f"{cell:>22}" for cell in cells)] if found else []
            lines.append(f"{n:>4}  {'chance':42}{metrics[f'{protocol}_{name}_chance']:>22.3f}")
    if side.images[0].size > MOST_DIMENSIONS:
        lines += ["", f"The mean image has no PLDA, as it has more than {MOST_DIMENSIONS} dimensions: its PCA has one."]
    return "\n".join(lines)


def _cell(metrics: dict[str, float], name: str | None) -> str:
    if name is None:
        return ""
    return f"{metrics[name]:.3f} ({metrics[f'{name}_low']:.2f} to {metrics[f'{name}_high']:.2f})"
