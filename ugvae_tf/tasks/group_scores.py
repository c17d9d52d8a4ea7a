"""Scores of the members of a group: by the whole image, or by its component alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ugvae_tf.errors import LacksPart
from ugvae_tf.evaluation import membership
from ugvae_tf.evaluation.experts import Natural
from ugvae_tf.evaluation.membership import ImagePosteriors
from ugvae_tf.serving.expert_codes import is_optimal
from ugvae_tf.serving.group_table import ImageTable
from ugvae_tf.tasks.group_rows import Groups, experts_of, joint_probs

SAMPLES = 20  # of p(beta), where there is no other group


@dataclass(frozen=True)
class GroupImages:
    """The images of one group, with their rows of codes."""

    groups: Groups
    rows: ImageTable
    pixels: np.ndarray  # [N, H, W, C] in [0, 1]

    @classmethod
    def of(cls, groups: Groups, name: object) -> "GroupImages":
        """Those of a group by its name."""
        rows = groups.rows(name)
        pixels = groups.pixels(rows.image)
        assert pixels is not None, "images, not a table"
        return cls(groups, rows, pixels)

    def with_image(self, other: "GroupImages", place: int) -> "GroupImages":
        """These images, and one of others behind them."""
        one = other.rows.rows(slice(place, place + 1)).columns
        columns = {name: np.concatenate([column, one[name]]) for name, column in self.rows.columns.items()}
        pixels = np.concatenate([self.pixels, other.pixels[place : place + 1]])
        return GroupImages(self.groups, ImageTable(**columns), pixels)

    @property
    def experts(self) -> Natural:
        """The experts of the images."""
        return experts_of(self.rows)

    @property
    def posteriors(self) -> ImagePosteriors:
        """The pixels with q(z) and, unless it depends on beta, q(d)."""
        probs = None if is_optimal(self.groups.model) else np.asarray(self.rows.component_probs)
        return ImagePosteriors(self.pixels, np.asarray(self.rows.z_mean), np.asarray(self.rows.z_stddev), probs)

    @property
    def probs(self) -> np.ndarray:
        """q(d) [N, K]; an optimal one is at the beta of these images."""
        return np.concatenate(joint_probs(self.groups, self.rows, self.rows.rows(slice(0, 0))))


class Scoring(Protocol):
    """A score of each image of a group, given the others [N]; `without` one of the other groups as reference."""

    def __call__(self, images: GroupImages, without: int | None = None) -> np.ndarray: ...


class ByImages:
    """log p(x | rest) - log p(x)."""

    def __init__(self, groups: Groups, others: Sequence[GroupImages]) -> None:
        self.model, self.prior = groups.model, groups.prior
        betas = [images.experts.sum(self.prior).moments()[0] for images in others]
        self.betas = np.stack(betas or self._samples(np.random.default_rng(0)))

    @staticmethod
    def require(groups: Groups) -> None:
        """Raise LacksPart unless the model has beta."""
        if not groups.model.settings.model.has_beta:
            raise LacksPart(f"The model in {groups.model.address} has no beta: give `by=components`.")

    def _samples(self, random: np.random.Generator) -> list[np.ndarray]:
        p_beta = self.model.global_prior(1)
        shape = [SAMPLES, p_beta["beta_mean"].shape[1]]
        return list(random.normal(p_beta["beta_mean"], p_beta["beta_stddev"], shape))

    def __call__(self, images: GroupImages, without: int | None = None) -> np.ndarray:
        betas = self.betas
        if without is not None and len(betas) > 1:
            betas = np.delete(betas, without, axis=0)
        posteriors = images.posteriors
        log_p = membership.marginal(self.model, posteriors, betas)
        return membership.member_scores(self.model, posteriors, images.experts, self.prior, log_p)


class ByComponents:
    """log p(d | rest) - log p(d), by shares of components."""

    def __init__(self, groups: Groups, others: Sequence[GroupImages]) -> None:
        components = groups.model.settings.model.components
        uniform = np.full([1, components], 1 / components)
        self.shares = np.concatenate([uniform, *(images.probs.mean(axis=0, keepdims=True) for images in others)])

    @staticmethod
    def require(groups: Groups) -> None:
        """Raise LacksPart unless the model has a mixture."""
        if not groups.model.settings.model.has_mixture:
            raise LacksPart(f"The model in {groups.model.address} has no mixture: give `by=images`.")

    def __call__(self, images: GroupImages, without: int | None = None) -> np.ndarray:
        shares = self.shares if without is None else np.delete(self.shares, without + 1, axis=0)
        return membership.component_scores(images.probs, shares.mean(axis=0))


SCORINGS: dict[str, type[ByImages] | type[ByComponents]] = {"images": ByImages, "components": ByComponents}
