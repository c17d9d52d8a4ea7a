"""Which of the training images are held back for validation: a function of the data alone."""

from dataclasses import dataclass

import numpy as np

from ugvae_tf.config import Config
from ugvae_tf.datasets.source import Source
from ugvae_tf.errors import UserError

SEED = 0  # always the same: a resumed run, or another one, holds back the same images


@dataclass(frozen=True)
class HeldBack:
    """A share of the images of each data set, or of the values of a label of theirs."""

    share: float = 0.0
    label: str | None = None  # all images of a value are held back, or none; None: images at random

    @classmethod
    def by(cls, config: Config) -> "HeldBack":
        """The division that a configuration sets."""
        training = config.training
        return cls(training.validation_share, config.data.group_by if training.validation == "groups" else None)

    def part(self, source: Source, split: str) -> Source:
        """The images to train on (`train`), or those held back (`validation`).

        Raises:
            UserError: there is nothing to divide, or the images lack the label.
        """
        if self.share == 0 and split == "train":
            return source
        mask = held_back(self._values(source), self.share)
        return source.chosen(mask == (split == "validation"))

    def _values(self, source: Source) -> np.ndarray:
        if self.label is None:
            return np.arange(source.count)
        labels = source.labels()
        if self.label not in labels:
            raise UserError(
                f"`validation=groups` needs the label '{self.label}' in each data set, and one has only "
                f"{', '.join(sorted(labels)) or 'images'}: give `validation=images`."
            )
        return labels[self.label]


def held_back(values: np.ndarray, share: float) -> np.ndarray:
    """The images [N] of a share of the distinct values [N], at least of one, drawn at random: bool [N].

    Raises:
        UserError: none would be left to train on.
    """
    distinct = np.unique(values)
    count = max(1, round(share * len(distinct)))
    if count >= len(distinct):
        raise UserError(
            f"`validation_share={share}` of {len(distinct)} leaves nothing to train on: give a smaller share, or 0."
        )
    return np.isin(values, np.random.default_rng(SEED).permutation(distinct)[:count])
