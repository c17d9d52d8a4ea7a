"""Compare: which components differ in share between two groups, and the images typical of either."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from matplotlib.figure import Figure

from ugvae_tf.errors import LacksPart, UserError
from ugvae_tf.evaluation.share_comparison import ShareTest, share_test, typicality
from ugvae_tf.groups.report_files import checked_folder, text_table, written
from ugvae_tf.groups.requests import CompareRequest
from ugvae_tf.groups.rows import Groups, Rows, joint_probs
from ugvae_tf.plots import pictures
from ugvae_tf.serving.served_model import ServedModel

LEVEL = 0.05
STRIP = 12  # images in the figure
ROWS = 10  # components in the terminal


@dataclass(frozen=True)
class Comparison:
    """Two groups by the shares of their components; images come in the order of their groups."""

    test: ShareTest
    image: np.ndarray  # [n + m], names or indices
    in_first: np.ndarray  # [n + m], truth values
    typicality: np.ndarray  # [n + m], nats: above 0 for images that are more typical of the first group

    def typical(self, of_first: bool, count: int) -> np.ndarray:
        """The images of a group that are typical of it and foreign to the other [count], most typical first."""
        sign = 1 if of_first else -1
        members = np.flatnonzero(self.in_first == of_first)
        return self.image[members[np.argsort(-sign * self.typicality[members], kind="stable")[:count]]]


def compare(
    source: Rows,
    group: object,
    other: object,
    saved_model: str | Path | ServedModel = "mnist",
    *,
    group_by: str | np.ndarray | None = None,
    permutations: int = 999,
    seed: int = 0,
    corrupt: Literal["stop", "skip"] = "stop",
) -> Comparison:
    """Which components differ in share between two groups, with p-values by permutation over images.

    An optimal q(d) is computed at the beta of all images of both groups, so that it does not depend on the group.

    Args:
        source: images as `encode` takes them, or the rows of images that `encode_with_images` returns.
        corrupt: `stop` raises UserError for an image that cannot be decoded, `skip` leaves it out.

    Raises:
        UserError: the model has no mixture, there is no such group, or both are the same one.
    """
    return _found(Groups(source, saved_model, group_by, corrupt=corrupt), group, other, permutations, seed)


def _found(groups: Groups, group: object, other: object, permutations: int, seed: int) -> Comparison:
    if not groups.model.settings.model.has_mixture:
        raise LacksPart(f"The model in {groups.model.address} has no mixture, whose components are compared.")
    if str(group) == str(other):
        raise UserError(f"The group '{group}' cannot be compared with itself: `group` and `other` must differ.")
    first, second = groups.rows(group), groups.rows(other)
    probs = joint_probs(groups, first, second)
    test = share_test(*probs, permutations, np.random.default_rng(seed))
    scores = typicality(np.concatenate(probs), test, (len(first), len(second)))
    in_first = np.repeat([True, False], [len(first), len(second)])
    return Comparison(test, np.concatenate([first.image, second.image]), in_first, scores)


def run(request: CompareRequest) -> str:
    """Print, and write compare.csv and compare.png."""
    folder = checked_folder(request.output)
    groups = Groups.requested(request.source, request.codes)
    found = _found(groups, request.group, request.other, request.permutations, request.seed)
    test = found.test
    columns = {
        "component": np.arange(len(test.first)),
        "share_first": test.first,
        "share_second": test.second,
        "difference": test.difference,
        "p_value": test.p_values,
    }
    order = np.lexsort((-np.abs(test.difference), test.p_values))[:ROWS]
    counts = found.in_first.sum(), (~found.in_first).sum()
    lines = [
        f"{request.group} ({counts[0]} images) and {request.other} ({counts[1]}): p = {test.p_value:.3g} that both are "
        f"of one population ({request.permutations} permutations of the images)",
        f"{(test.p_values <= LEVEL).sum()} of {len(test.first)} components differ at {LEVEL}, corrected for their "
        "number",
        "",
        text_table({name: column[order] for name, column in columns.items()}),
        "",
        *(
            f"typical of {name} and foreign to the other: {', '.join(map(str, found.typical(is_first, 5)))}"
            for name, is_first in ((request.group, True), (request.other, False))
        ),
    ]
    text = "\n".join(lines) + groups.left_out
    return text + written(folder, "compare", columns, lambda: _figure(groups, found, request))


def _figure(groups: Groups, found: Comparison, request: CompareRequest) -> Figure | None:
    strips = [groups.pixels(found.typical(is_first, STRIP)) for is_first in (True, False)]
    if any(strip is None for strip in strips):
        return None
    rows = pictures.rows_of([strip for strip in strips if strip is not None], STRIP)
    return pictures.image_grid(
        rows,
        f"Images that tell {request.group} and {request.other} apart",
        [str(request.group), str(request.other)],
        caption="Each is typical of its own group and foreign to the other, the most typical first: its components d "
        "are frequent here and rare there.",
        row_blocks=[1],
    )
