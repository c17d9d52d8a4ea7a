"""Members: does an image belong to a group? log p(x | the rest of the group) - log p(x), as conformal p-values."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from matplotlib.figure import Figure
from tqdm import tqdm

from ugvae_tf.errors import UserError
from ugvae_tf.evaluation import membership
from ugvae_tf.groups.encode import Source
from ugvae_tf.groups.report_files import checked_folder, text_table, written
from ugvae_tf.groups.requests import MembersRequest
from ugvae_tf.groups.rows import Groups, Rows
from ugvae_tf.groups.scores import SCORINGS, GroupImages, Scoring
from ugvae_tf.plots import pictures
from ugvae_tf.serving.served_model import ServedModel

REFERENCE_GROUPS = 20  # other groups, for log p(x) and for the scores of true members
MOST = 100  # images of a reference group, and of the group that candidates are compared with
SHOWN = 24  # images in the figure and rows in the terminal


@dataclass(frozen=True)
class Members:
    """Images, least likely members first."""

    image: np.ndarray  # [N], names or indices
    score: np.ndarray  # [N], nats: log p(x | the other images of the group) - log p(x)
    p_value: np.ndarray  # [N], conformal: small for an image that does not belong to the group


def members(
    source: Rows,
    group: object,
    saved_model: str | Path | ServedModel = "mnist",
    *,
    candidates: Source | None = None,
    group_by: str | np.ndarray | None = None,
    by: Literal["images", "components"] = "images",
    seed: int = 0,
    corrupt: Literal["stop", "skip"] = "stop",
) -> Members:
    """Whether each image of a group, or each candidate, belongs to the group.

    log p(x) is the average over the betas of other groups, or of p(beta) if there is no other group.

    Args:
        source: images in groups, as `encode` takes them; by components also their rows, which `encode_with_images` or
            `ugvae encode --images` made.
        candidates: other images. Their p-value is that of full conformal prediction (Vovk, Gammerman and Shafer 2005):
            at most a with probability a, if the candidate and the images of the group are exchangeable. Without
            candidates, the images of the group itself: a p-value is then the rank among the scores of images in other
            groups, which are cut to the size of the group, each given the rest of its own group; or among those of the
            group itself if there is no other one. It is no exact p-value: images of one group depend on each other.
        by: `components`: the score is that of the component d alone, log p(d | rest) - log p(d), by shares of
            components in place of beta. For groups that differ in contents.
        corrupt: `stop` raises UserError for an image that cannot be decoded, `skip` leaves it out.

    Raises:
        UserError: the model has no beta (or no mixture), there is no such group, or it has one image only.
    """
    groups = Groups(source, saved_model, group_by, corrupt=corrupt)
    others = None if candidates is None else Groups(candidates, groups.model, corrupt=corrupt)
    return found_members(groups, group, others, by, seed)


def found_members(groups: Groups, group: object, candidates: Groups | None, by: str, seed: int) -> Members:
    """As `members`."""
    if by not in SCORINGS:
        raise UserError(f"`by` must be one of {', '.join(SCORINGS)}, not {by}.")
    SCORINGS[by].require(groups)
    needed = _needed(groups, group, candidates is not None, np.random.default_rng(seed))
    own = GroupImages.of(needed, group)
    if len(own.rows) < 2:
        raise UserError(f"The group '{group}' has one image: nothing is left to compare it with.")
    names = [name for name in np.unique(needed.all_rows.group) if str(name) != str(group)]
    others = [GroupImages.of(needed, name) for name in tqdm(names, desc="other groups", leave=False)]
    score = SCORINGS[by](own, others)
    if candidates is not None:
        return _candidates(own, candidates, score)
    scores, p_values = ranked(own, others, score)
    order = np.argsort(scores, kind="stable")
    return Members(own.rows.image[order], scores[order], p_values[order])


def ranked(own: GroupImages, others: Sequence[GroupImages], score: Scoring) -> tuple[np.ndarray, np.ndarray]:
    """The scores [N] of the images of a group, and their ranks among those of other groups, as p-values [N].

    Without other groups of two images, the ranks are those within the group.
    """
    scores = score(own)
    references = [score(images, place) for place, images in enumerate(others) if len(images.rows) > 1]
    if references:
        return scores, membership.conformal_p_values(scores, np.concatenate(references))
    return scores, np.array([(scores <= value).mean() for value in scores])


def _needed(groups: Groups, group: object, for_candidates: bool, random: np.random.Generator) -> Groups:
    """The images of the group and those of REFERENCE_GROUPS other ones, in memory.

    At most MOST of each. The group's own images are all needed without candidates. The other groups are then no larger
    than it, because a score is higher, the more images the rest of a group has.
    """
    own = random.permutation(groups.places(group))
    places = [own[:MOST] if for_candidates else own]
    most = MOST if for_candidates else min(MOST, len(own))
    others = groups.names[groups.names.astype(str) != str(group)]
    for name in random.permutation(others)[:REFERENCE_GROUPS]:
        places.append(random.permutation(groups.places(name))[:most])
    return groups.in_memory(np.sort(np.concatenate(places)))


def _candidates(own: GroupImages, candidates: Groups, score: Scoring) -> Members:
    """Each candidate with the images of the group: the rank of its score among those of all of them."""
    names, scores, p_values = [], [], []
    for rows in candidates.of_all():
        new = GroupImages.of_rows(candidates, rows)
        found = np.stack(list(tqdm(score.with_candidates(own, new), desc="candidates", total=len(rows), leave=False)))
        names.append(rows.image)
        scores.append(found[:, -1])
        p_values.append((found <= found[:, -1:]).mean(axis=1))
    image, values, ranks = (np.concatenate(each) for each in (names, scores, p_values))
    order = np.argsort(values, kind="stable")
    return Members(image[order], values[order], ranks[order])


def run(request: MembersRequest) -> str:
    """Print, and write members.csv and members.png."""
    folder = checked_folder(request.output)
    groups = Groups.requested(request.source, request.codes)
    candidates = None
    if request.candidates is not None:
        candidates = Groups(Path(request.candidates), groups.model, corrupt=request.source.corrupt)
    found = found_members(groups, request.group, candidates, request.by, request.seed)
    columns = {"image": found.image, "score": found.score, "p_value": found.p_value}
    what = "Images of" if candidates is None else "Candidates for"
    text = f"{what} the group {request.group}, least likely members first: score in nats, conformal p-value\n\n"
    text += text_table({name: column[:SHOWN] for name, column in columns.items()})
    text += groups.left_out + (candidates.left_out if candidates else "")
    return text + written(folder, "members", columns, lambda: _figure(candidates or groups, found, str(request.group)))


def _figure(groups: Groups, found: Members, group: str) -> Figure | None:
    pixels = groups.pixels(found.image[:SHOWN])
    if pixels is None:
        return None
    return pictures.image_grid(
        pictures.filled_rows(pixels, 8),
        f"Does it belong to {group}? The least likely image first",
        caption="Below each image its p-value: small if it does not belong to the group.",
        image_labels=[f"{value:.2g}" for value in found.p_value[:SHOWN]],
    )
