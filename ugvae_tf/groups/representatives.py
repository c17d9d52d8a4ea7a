"""Representatives: the images of a group without which q(beta) moves most, from the experts alone."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from matplotlib.figure import Figure

from ugvae_tf.errors import LacksPart
from ugvae_tf.evaluation.experts import influence
from ugvae_tf.groups.report_files import checked_folder, text_table, written
from ugvae_tf.groups.requests import RepresentativesRequest
from ugvae_tf.groups.rows import Groups, Rows, experts_of
from ugvae_tf.plots import pictures
from ugvae_tf.serving.served_model import ServedModel

MOST_GROUPS = 30  # in a figure and in the terminal


@dataclass(frozen=True)
class Representatives:
    """The most influential images of each group, a row an image; those of a group come first to last."""

    group: np.ndarray  # [R]
    image: np.ndarray  # [R]
    influence: np.ndarray  # [R], nats: the symmetric KL of q(beta) with and without the image


def representatives(
    source: Rows,
    saved_model: str | Path | ServedModel = "mnist",
    group: object = None,
    count: int = 5,
    *,
    group_by: str | np.ndarray | None = None,
    corrupt: Literal["stop", "skip"] = "stop",
) -> Representatives:
    """The `count` images of a group, or of every group, without which q(beta) moves most.

    Args:
        source: images as `encode` takes them, or the rows of images that `encode_with_images` returns.
        corrupt: `stop` raises UserError for an image that cannot be decoded, `skip` leaves it out.

    Raises:
        UserError: the model has no beta, or there is no such group.
    """
    return _found(Groups(source, saved_model, group_by, corrupt=corrupt), group, count)


def _found(groups: Groups, group: object, count: int) -> Representatives:
    if not groups.model.settings.model.has_beta:
        raise LacksPart(f"The model in {groups.model.address} has no beta, which representatives move.")
    parts = []
    for rows in groups.of_all() if group is None else [groups.rows(group)]:
        values = influence(experts_of(rows), groups.prior)
        best = np.argsort(-values, kind="stable")[:count]
        parts.append((rows.group[best], rows.image[best], values[best]))
    return Representatives(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def run(request: RepresentativesRequest) -> str:
    """Print, and write representatives.csv and representatives.png."""
    folder = checked_folder(request.output)
    groups = Groups.requested(request.source, request.codes)
    found = _found(groups, request.group, request.count)
    columns = {"group": found.group, "image": found.image, "influence": found.influence}
    shown = request.count * MOST_GROUPS
    lines = "Images without which q(beta) of their group moves most, in nats\n\n"
    lines += text_table({name: column[:shown] for name, column in columns.items()})
    more = f"\n... and {len(found.group) - shown} more rows" if len(found.group) > shown else ""
    text = lines + more + groups.left_out
    return text + written(folder, "representatives", columns, lambda: _figure(groups, found, request.count))


def _figure(groups: Groups, found: Representatives, count: int) -> Figure | None:
    pixels = groups.pixels(found.image[: count * MOST_GROUPS])
    if pixels is None:
        return None
    names = found.group[: count * MOST_GROUPS]
    distinct = list(dict.fromkeys(names))
    rows = pictures.rows_of([pixels[names == name] for name in distinct], count)
    return pictures.image_grid(
        rows,
        "Images that determine the code of their group",
        [str(name) for name in distinct],
        caption="Those without which the group's beta moves most, the first one farthest.",
    )
