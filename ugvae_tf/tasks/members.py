"""Members: does an image belong to a group? log p(x | the rest of the group) - log p(x), as conformal p-values."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from tqdm import tqdm

from ugvae_tf.errors import LacksPart, UserError
from ugvae_tf.evaluation import membership
from ugvae_tf.evaluation.experts import Natural
from ugvae_tf.evaluation.membership import ImagePosteriors
from ugvae_tf.plots import pictures
from ugvae_tf.serving.expert_codes import is_optimal
from ugvae_tf.serving.served_model import ServedModel
from ugvae_tf.tasks.encode import Source
from ugvae_tf.tasks.group_requests import MembersRequest
from ugvae_tf.tasks.group_rows import Groups, experts_of
from ugvae_tf.tasks.report_files import checked_folder, text_table, written

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
    source: Source,
    group: object,
    saved_model: str | Path | ServedModel = "mnist",
    *,
    candidates: Source | None = None,
    group_by: str | np.ndarray | None = None,
    seed: int = 0,
) -> Members:
    """Whether each image of a group, or each candidate, belongs to the group.

    log p(x) is the average over the betas of other groups, or of p(beta) if there is no other group.

    Args:
        source: images in groups, as `encode` takes them.
        candidates: other images. Their p-value is that of full conformal prediction: at most a with probability a,
            if the candidate and the images of the group are exchangeable. Without candidates, the images of the group
            itself: a p-value is then the rank among the scores of images in other groups, each given the rest of its
            own group, or among those of the group itself if there is no other one.

    Raises:
        UserError: the model has no beta, there is no such group, or it has one image only.
    """
    groups = Groups(source, saved_model, group_by)
    others = None if candidates is None else Groups(candidates, groups.model)
    return _found(groups, group, others, seed)


def _found(groups: Groups, group: object, candidates: Groups | None, seed: int) -> Members:
    if not groups.model.settings.model.has_beta:
        raise LacksPart(f"The model in {groups.model.address} has no beta, which a group is recognised by.")
    needed = _needed(groups, group, MOST if candidates else None, np.random.default_rng(seed))
    reference, images = _Reference(needed, group), _Images(needed, group)
    if len(images.rows) < 2:
        raise UserError(f"The group '{group}' has one image: nothing is left to compare it with.")
    if candidates is not None:
        return _candidates(groups, images, candidates, reference)
    scores = reference.scores(images)
    others = reference.member_scores() if reference.images else scores
    p_values = membership.conformal_p_values(scores, others)
    if not reference.images:
        p_values = np.array([(scores <= score).mean() for score in scores])
    order = np.argsort(scores, kind="stable")
    return Members(images.rows.image[order], scores[order], p_values[order])


def _needed(groups: Groups, group: object, most: int | None, random: np.random.Generator) -> Groups:
    """The images of the group, or `most` of them at random, and those of REFERENCE_GROUPS other ones, in memory."""
    images = groups.images
    assert images is not None, "images, not a table"
    places = [random.permutation(images.of_group(group))[:most]]
    others = groups.names[groups.names.astype(str) != str(group)]
    for name in random.permutation(others)[:REFERENCE_GROUPS]:
        places.append(random.permutation(images.of_group(name))[:MOST])
    return groups.in_memory(np.sort(np.concatenate(places)))


class _Images:
    """The images of a group, with their codes."""

    def __init__(self, groups: Groups, name: object) -> None:
        self.rows = groups.rows(name)
        pixels = groups.pixels(self.rows.image)
        assert pixels is not None, "images, not a table"
        q_z = np.asarray(self.rows.z_mean), np.asarray(self.rows.z_stddev)
        probs = None if is_optimal(groups.model) else np.asarray(self.rows.component_probs)
        self.experts, self.posteriors = experts_of(self.rows), ImagePosteriors(pixels, *q_z, probs)


class _Reference:
    """Other groups: the betas for log p(x), and the scores of images that do belong to their group."""

    def __init__(self, groups: Groups, group: object) -> None:
        self.model, self.prior = groups.model, groups.prior
        present = np.unique(groups.all_rows.group)
        found = [_Images(groups, name) for name in present if str(name) != str(group)]
        self.images = [images for images in found if len(images.rows) > 1]
        betas = [images.experts.sum(self.prior).moments()[0] for images in found]
        self.betas = np.stack(betas or self._samples(np.random.default_rng(0)))

    def _samples(self, random: np.random.Generator) -> list[np.ndarray]:
        p_beta = self.model.global_prior(1)
        shape = [REFERENCE_GROUPS, p_beta["beta_mean"].shape[1]]
        return list(random.normal(p_beta["beta_mean"], p_beta["beta_stddev"], shape))

    def scores(self, images: _Images, betas: np.ndarray | None = None) -> np.ndarray:
        """The score of every image of a group [N]."""
        log_p = membership.marginal(self.model, images.posteriors, self.betas if betas is None else betas)
        return membership.member_scores(self.model, images.posteriors, images.experts, self.prior, log_p)

    def member_scores(self) -> np.ndarray:
        """The scores of the images of all other groups; log p(x) is without the beta of the image's own group."""
        found = []
        for images in tqdm(self.images, desc="scores of other groups", leave=False):
            own = images.experts.sum(self.prior).moments()[0]
            others = self.betas[(self.betas != own).any(axis=1)]
            found.append(self.scores(images, others if len(others) else None))
        return np.concatenate(found)


def _candidates(groups: Groups, images: _Images, candidates: Groups, reference: _Reference) -> Members:
    """Each candidate with the images of the group."""
    log_p = membership.marginal(groups.model, images.posteriors, reference.betas)
    names, scores, p_values = [], [], []
    for name in candidates.names:
        new = _Images(candidates, name)
        new_log_p = membership.marginal(groups.model, new.posteriors, reference.betas)
        for place in tqdm(range(len(new.rows)), desc="candidates", leave=False):
            part = slice(place, place + 1)
            joined = _joined(images.posteriors, new.posteriors.rows(part))
            experts = Natural(*(np.concatenate([a, b[part]]) for a, b in zip(images.experts, new.experts, strict=True)))
            both = np.concatenate([log_p, new_log_p[part]])
            found = membership.member_scores(groups.model, joined, experts, groups.prior, both)
            names.append(new.rows.image[place])
            scores.append(found[-1])
            p_values.append((found <= found[-1]).mean())
    order = np.argsort(scores, kind="stable")
    return Members(np.array(names)[order], np.array(scores)[order], np.array(p_values)[order])


def _joined(one: ImagePosteriors, other: ImagePosteriors) -> ImagePosteriors:
    columns = [None if a is None or b is None else np.concatenate([a, b]) for a, b in zip(one, other, strict=True)]
    return ImagePosteriors(*columns)  # type: ignore[arg-type]


def run(request: MembersRequest) -> str:
    """Print, and write members.csv and members.png."""
    folder = checked_folder(request.output)
    groups = Groups.requested(request.source)
    candidates = None if request.candidates is None else Groups(Path(request.candidates), groups.model)
    found = _found(groups, request.group, candidates, request.seed)
    columns = {"image": found.image, "score": found.score, "p_value": found.p_value}
    what = "Images of" if candidates is None else "Candidates for"
    text = f"{what} the group {request.group}, least likely members first: score in nats, conformal p-value\n\n"
    text += text_table({name: column[:SHOWN] for name, column in columns.items()})
    return text + written(folder, "members", columns, _figure(candidates or groups, found, str(request.group)))


def _figure(groups: Groups, found: Members, group: str) -> Figure | None:
    pixels = groups.pixels(found.image[:SHOWN])
    if pixels is None:
        return None
    columns = min(8, len(pixels))
    rows = pictures.rows_of(np.array_split(pixels, -(-len(pixels) // columns)), columns)
    return pictures.image_grid(rows, f"Least likely members of {group} first")
