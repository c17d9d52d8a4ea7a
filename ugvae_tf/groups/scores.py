"""Scores of the members of a group: by the whole image, or by its component alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ugvae_tf.errors import LacksPart, UserError
from ugvae_tf.evaluation import component_membership, membership
from ugvae_tf.evaluation.experts import Natural
from ugvae_tf.evaluation.membership import ImagePosteriors
from ugvae_tf.groups.rows import Groups, experts_of, joint_probs
from ugvae_tf.serving.expert_codes import is_optimal
from ugvae_tf.serving.group_table import ImageTable

SAMPLES = 20  # of p(beta), where there is no other group


@dataclass(frozen=True)
class GroupImages:
    """The images of one group, with their rows of codes."""

    groups: Groups
    rows: ImageTable
    pixels: np.ndarray | None  # [N, H, W, C] in [0, 1]; None: there is a table of codes only

    @classmethod
    def of(cls, groups: Groups, name: object) -> "GroupImages":
        """Those of a group by its name."""
        return cls.of_rows(groups, groups.rows(name))

    @classmethod
    def of_rows(cls, groups: Groups, rows: ImageTable) -> "GroupImages":
        """Those of some rows."""
        return cls(groups, rows, groups.pixels(rows.image))

    def with_image(self, other: "GroupImages", place: int) -> "GroupImages":
        """These images, and one of others behind them."""
        one = other.rows.rows(slice(place, place + 1)).columns
        columns = {name: np.concatenate([column, one[name]]) for name, column in self.rows.columns.items()}
        if self.pixels is None or other.pixels is None:
            return GroupImages(self.groups, ImageTable(**columns), None)
        pixels = np.concatenate([self.pixels, other.pixels[place : place + 1]])
        return GroupImages(self.groups, ImageTable(**columns), pixels)

    @property
    def experts(self) -> Natural:
        """The experts of the images."""
        return experts_of(self.rows)

    @property
    def posteriors(self) -> ImagePosteriors:
        """The pixels with q(z) and, unless it depends on beta, q(d)."""
        assert self.pixels is not None, "images, not a table"
        probs = None if is_optimal(self.groups.model) else np.asarray(self.rows.component_probs)
        return ImagePosteriors(self.pixels, np.asarray(self.rows.z_mean), np.asarray(self.rows.z_stddev), probs)

    @property
    def probs(self) -> np.ndarray:
        """q(d) [N, K]; an optimal one is at the beta of these images."""
        return np.concatenate(joint_probs(self.groups, self.rows, self.rows.rows(slice(0, 0))))


class Scoring(Protocol):
    """A score of each image of a group, given the others [N]."""

    def __call__(self, images: GroupImages, place: int | None = None) -> np.ndarray:
        """Of the tested group, or of the other group at `place`, in whose stead the tested one is then a reference.

        So both are compared with as many groups, and never with themselves.
        """
        ...

    def with_candidates(self, own: GroupImages, new: GroupImages) -> Iterator[np.ndarray]:
        """Of the images of a group and one of the others [N + 1], for each of the others."""
        ...


class ByImages:
    """log p(x | rest) - log p(x)."""

    def __init__(self, own: GroupImages, others: Sequence[GroupImages]) -> None:
        self.model, self.prior = own.groups.model, own.groups.prior
        self.own_beta = self._beta(own)
        betas = [self._beta(images) for images in others]
        self.betas = np.stack(betas or self._samples(np.random.default_rng(0)))

    @staticmethod
    def require(groups: Groups) -> None:
        """Raise LacksPart unless the model has beta, and UserError unless there are images."""
        if groups.images is None:
            raise UserError("The score of a whole image needs images, not a table of codes: give `by=components`.")
        if not (config := groups.model.settings.model).has_beta:
            then = "`by=components`" if config.has_mixture else "another one"
            raise LacksPart(f"The model in {groups.model.address} ({config.model}) has no beta: give {then}.")

    def _beta(self, images: GroupImages) -> np.ndarray:
        return images.experts.sum(self.prior).moments()[0]

    def _samples(self, random: np.random.Generator) -> list[np.ndarray]:
        p_beta = self.model.global_prior(1)
        shape = [SAMPLES, p_beta["beta_mean"].shape[1]]
        return list(random.normal(p_beta["beta_mean"], p_beta["beta_stddev"], shape))

    def __call__(self, images: GroupImages, place: int | None = None) -> np.ndarray:
        betas = _in_place(self.betas, place, self.own_beta)
        return self._scores(images, membership.marginal(self.model, images.posteriors, betas))

    def with_candidates(self, own: GroupImages, new: GroupImages) -> Iterator[np.ndarray]:
        log_p, new_log_p = (membership.marginal(self.model, each.posteriors, self.betas) for each in (own, new))
        for place in range(len(new.rows)):
            yield self._scores(own.with_image(new, place), np.append(log_p, new_log_p[place]))

    def _scores(self, images: GroupImages, log_p: np.ndarray) -> np.ndarray:
        return membership.member_scores(self.model, images.posteriors, images.experts, self.prior, log_p)


class ByComponents:
    """log p(d | rest) - log p(d), by shares of components in the rest and in groups that are similar to it."""

    def __init__(self, own: GroupImages, others: Sequence[GroupImages]) -> None:
        components = own.groups.model.settings.model.components
        probs = [images.probs for images in others]
        self.own_counts = own.probs.sum(axis=0, dtype=float)
        self.counts = np.array([each.sum(axis=0, dtype=float) for each in probs]).reshape(-1, components)
        self.concentration = component_membership.best_concentration(probs)

    @staticmethod
    def require(groups: Groups) -> None:
        """Raise LacksPart unless the model has a mixture."""
        if not groups.model.settings.model.has_mixture:
            raise LacksPart(f"The model in {groups.model.address} has no mixture: give `by=images`.")

    def __call__(self, images: GroupImages, place: int | None = None) -> np.ndarray:
        counts = _in_place(self.counts, place, self.own_counts)
        return component_membership.scores(images.probs, counts, self.concentration)

    def with_candidates(self, own: GroupImages, new: GroupImages) -> Iterator[np.ndarray]:
        for place in range(len(new.rows)):
            yield self(own.with_image(new, place))


def _in_place(others: np.ndarray, place: int | None, own: np.ndarray) -> np.ndarray:
    """The rows of other groups, with that of the tested group in place of one of them."""
    if place is None:
        return others
    return np.concatenate([np.delete(others, place, axis=0), own[np.newaxis]])


SCORINGS: dict[str, type[ByImages] | type[ByComponents]] = {"images": ByImages, "components": ByComponents}
