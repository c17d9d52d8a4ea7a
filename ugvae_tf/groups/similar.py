"""Similar: the groups whose codes are nearest."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from ugvae_tf.codes import GaussianCodes, neighbours
from ugvae_tf.codes.plda import Plda
from ugvae_tf.datasets.grouped_sources import of_place
from ugvae_tf.errors import UserError
from ugvae_tf.groups import matrix_file
from ugvae_tf.groups.encode import requested, served
from ugvae_tf.groups.report_files import checked_folder, text_table, written
from ugvae_tf.groups.requests import SimilarRequest
from ugvae_tf.groups.rows import Groups
from ugvae_tf.groups.source_request import left_out
from ugvae_tf.groups.stream import Encoded, encoded
from ugvae_tf.plots import pictures
from ugvae_tf.serving.group_table import GroupTable
from ugvae_tf.serving.served_model import ServedModel

STRIP = 12  # images of a group in a figure
MOST_GROUPS = 30  # in the terminal


def similar(
    codes: GaussianCodes,
    k: int,
    saved_model: str | Path | ServedModel | None = None,
    *,
    queries: GaussianCodes | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest other groups of each group, or the k nearest groups of each of the queries.

    Args:
        codes: what `encode` returns, of a model or of a stream, or `GroupTable.read`.
        saved_model: whose learned metric is used, if it has one and all groups have from a quarter to four times the
            images of the groups that it was fitted to; else the symmetric KL divergence of q(beta).
        queries: codes of other groups, by the same model.

    Returns:
        Indices of groups [G, k], nearest first, and the distances in nats [G, k].
    """
    tables = [codes] if queries is None else [codes, queries]
    metric = None if saved_model is None else served(saved_model).metric_of(*tables)
    return neighbours.nearest(codes, k, metric, queries)


@dataclass(frozen=True)
class _Nearest:
    """The nearest groups of some groups, a row a pair."""

    group: np.ndarray
    near: np.ndarray
    distance: np.ndarray


def run(request: SimilarRequest) -> str:
    """Print, and write similar.csv, similar.png and the matrix of distances."""
    folder = checked_folder(request.output)
    if request.matrix is not None:
        matrix_file.check(request.matrix)
    model = ServedModel(request.source.address, request.source.trust)
    of_groups, of_queries = _coded(request, model), _queries(request, model)
    table, queries = of_groups.groups, None if of_queries is None else of_queries.groups
    metric = model.metric_of(table) if queries is None else model.metric_of(table, queries)
    text = f"Nearest among {len(table)} groups by {_by(model, metric)}, in nats\n\n"
    found = _found(table, queries, metric, request)
    columns = {"group": found.group, "nearest": found.near, "distance": found.distance}
    text += text_table({name: column[: request.count * MOST_GROUPS] for name, column in columns.items()})
    if request.matrix is not None:
        matrix_file.write(Path(request.matrix), table, metric)
        text += f"\n\nDistances of all groups [{len(table)}, {len(table)}] written to {request.matrix}"
    if skipped := [*of_groups.unreadable, *(of_queries.unreadable if of_queries else [])]:
        text += f"\n\n{left_out(skipped)}"
    return text + written(folder, "similar", columns, lambda: _figure(request, model, found))


def _found(table: GroupTable, queries: GroupTable | None, metric: Plda | None, request: SimilarRequest) -> _Nearest:
    """The nearest groups of the group or query of the request, or of all."""
    of_rows = table if queries is None else queries
    k = max(1, min(request.count, len(table) - (queries is None)))
    chosen = np.arange(len(of_rows)) if request.group is None else np.array([of_rows.place(request.group)])
    places, distances = neighbours.nearest(table, k, metric, queries, chosen)
    return _Nearest(np.repeat(of_rows.group[chosen], k), table.group[places.ravel()], distances.ravel())


def _by(model: ServedModel, metric: Plda | None) -> str:
    """The name of the distance, with the reason if the learned metric of the model is not used."""
    if metric is not None:
        return "minus the log likelihood ratio of the learned metric"
    if model.metric is None:
        return "the symmetric KL of q(beta)"
    return (
        f"the symmetric KL of q(beta) (the learned metric is for groups of about {model.metric.images} images, and a "
        "group has less than a quarter or more than four times as many)"
    )


def _queries(request: SimilarRequest, model: ServedModel) -> Encoded | None:
    if request.queries is None:
        return None
    return encoded(model, of_place(Path(request.queries)), request.source.corrupt)


def _coded(request: SimilarRequest, model: ServedModel) -> Encoded:
    if request.codes is not None:
        table, size = GroupTable.read(request.codes), model.settings.model.global_size
        if model.metric is not None and table.beta_mean.shape[1] != size:
            raise UserError(
                f"{request.codes} has M = {table.beta_mean.shape[1]}, but the model in {model.address} has M = {size}: "
                "give the `saved_model` that made the codes."
            )
        return Encoded(table, None, [])
    return encoded(model, requested(request.source), request.source.corrupt)


def _figure(request: SimilarRequest, model: ServedModel, found: _Nearest) -> Figure | None:
    """A strip of images of the first group, above those of its nearest groups; None without images."""
    if not request.source.is_given:
        return None
    names = [found.group[0], *found.near[found.group == found.group[0]]]
    groups = Groups("", model, images=requested(request.source))
    first = groups if request.queries is None else Groups("", model, images=of_place(Path(request.queries)))
    strips = [_strip(groups if place else first, name) for place, name in enumerate(names)]
    labels = [str(names[0]), *(f"{name}\n{d:.4g} nats" for name, d in zip(names[1:], found.distance, strict=False))]
    rows = pictures.rows_of([strip for strip in strips if strip is not None], STRIP)
    caption = "Top: images of the group. Below: the groups whose codes are nearest, with the distance of the codes."
    return pictures.image_grid(rows, f"Groups nearest to {names[0]}", labels, caption=caption, row_blocks=[1])


def _strip(groups: Groups, name: object) -> np.ndarray | None:
    """The first images of a group."""
    assert groups.images is not None
    members = groups.images.of_group(name)[:STRIP]
    return groups.pixels(np.array([groups.images.names[place] for place in members]))
