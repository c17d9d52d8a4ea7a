"""The images of some groups: their rows of codes, from a table or by encoding them, and their pixels."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from ugvae_tf.datasets.grouped_images import GroupedImages, of_array
from ugvae_tf.errors import UserError
from ugvae_tf.evaluation.experts import Natural
from ugvae_tf.groups.encode import Source, opened, requested, served
from ugvae_tf.groups.source_request import SourceRequest, damaged, left_out
from ugvae_tf.groups.stream import encoded
from ugvae_tf.serving.expert_codes import images_per_chunk, is_optimal
from ugvae_tf.serving.group_table import ImageTable
from ugvae_tf.serving.optimal_shares import optimal_probs
from ugvae_tf.serving.served_model import ServedModel

Rows = Source | ImageTable


class Groups:
    """Images in groups, as a table of rows or as images that are read; and the model.

    Args:
        source: rows that `encode_with_images` or `ugvae encode --images` made, or images as `encode` takes them.
    """

    def __init__(
        self,
        source: Rows,
        saved_model: str | Path | ServedModel,
        group_by: str | np.ndarray | None = None,
        images: GroupedImages | None = None,
        corrupt: Literal["stop", "skip"] = "stop",
    ) -> None:
        self.model, self.corrupt = served(saved_model), corrupt
        self.table = source if isinstance(source, ImageTable) else None
        self.images = images
        self.skipped: dict[str, None] = {}  # names of the images that were left out so far, each once
        if self.table is None and images is None:
            assert not isinstance(source, ImageTable)
            self.images = opened(source, group_by)
        if self.table is not None:
            self._check(self.table)

    @classmethod
    def requested(cls, source: SourceRequest, codes: str | None = None) -> "Groups":
        """Those of a command."""
        images = requested(source) if source.is_given else None
        table = ImageTable.read(codes) if codes is not None else ""
        return cls(table, ServedModel(source.address, source.trust), images=images, corrupt=source.corrupt)

    def _check(self, table: ImageTable) -> None:
        model = self.model.settings.model
        sizes = (model.global_size if model.has_beta else 0), model.local_size
        if (table.precision.shape[1], table.z_mean.shape[1]) != sizes:
            raise UserError(
                f"These codes have M = {table.precision.shape[1]} and L = {table.z_mean.shape[1]}, but the model in "
                f"{self.model.address} has M = {sizes[0]} and L = {sizes[1]}: give the `saved_model` that made them."
            )

    @property
    def names(self) -> np.ndarray:
        """The names of all groups, sorted."""
        if self.images is not None:
            return self.images.group_names
        return np.unique(self.all_rows.group)

    @cached_property
    def all_rows(self) -> ImageTable:
        """The rows of all images; they are on disk until they are used."""
        return self._encoded(self.images) if self.table is None else self.table

    @cached_property
    def _places(self) -> dict[str, np.ndarray]:
        """The rows of each group in `all_rows`, by its name."""
        names, numbers = np.unique(self.all_rows.group.astype(str), return_inverse=True)
        order = np.argsort(numbers, kind="stable")
        starts = np.searchsorted(numbers[order], np.arange(1, len(names)))
        return dict(zip(names.tolist(), np.split(order, starts), strict=True))

    def rows(self, group: object) -> ImageTable:
        """The rows of a group's images; raises UserError if there is no such group, or it has no image.

        Of files only the group's are read; any other source is encoded as a whole, once.
        """
        if self.table is None and self.images is not None and self.images.files is not None:
            return self._encoded(self.images.only(self.images.of_group(group)))
        if str(group) not in self._places:
            raise UserError(f"There is no group '{group}': the groups are {', '.join(map(str, self.names[:5]))}.")
        return self.all_rows.rows(self._places[str(group)])

    def places(self, group: object) -> np.ndarray:
        """The indices of a group's images, or of its rows in a table; raises UserError if there is no such group."""
        if self.table is None and self.images is not None:
            return self.images.of_group(group)
        self.rows(group)
        return self._places[str(group)]

    def of_all(self) -> Iterator[ImageTable]:
        """The rows of one group after another, in the order of their names; all images are encoded once."""
        return (self.all_rows.rows(places) for places in self._places.values())

    def _encoded(self, images: GroupedImages | None) -> ImageTable:
        assert images is not None
        found = encoded(self.model, images, self.corrupt, with_images=True)
        assert found.images is not None
        self.skipped.update(dict.fromkeys(found.unreadable))
        return found.images

    def in_memory(self, places: np.ndarray) -> "Groups":
        """Some of the images, or rows of a table, by their sorted indices, read once for what uses them many times."""
        if self.table is not None:
            return Groups(self.table.rows(places), self.model)
        assert self.images is not None
        images = self.images.only(places)
        chunks = list(images.read(self.model.image_shape, images_per_chunk(self.model.image_shape)))
        there = np.concatenate([chunk.places for chunk in chunks])
        pixels = np.concatenate([chunk.images for chunk in chunks])
        bad = [*images.unreadable, *(str(images.names[place]) for chunk in chunks for place in chunk.unreadable)]
        if bad and self.corrupt == "stop":
            raise damaged(bad[0])
        self.skipped.update(dict.fromkeys(bad))
        names = [images.names[place] for place in there]
        kept = replace(of_array(pixels), group_names=images.group_names, groups=images.groups[there], names=names)
        return Groups("", self.model, images=kept)

    def pixels(self, names: np.ndarray) -> np.ndarray | None:
        """The images of some names [N, H, W, C] in [0, 1], in their order; None if there is a table only."""
        if self.images is None:
            return None
        place_of = {str(name): place for place, name in enumerate(self.images.names)}
        places = np.array([place_of.get(str(name), -1) for name in names])
        if not len(places) or (places < 0).any():
            return None
        distinct, order = np.unique(places, return_inverse=True)
        shape = self.model.image_shape
        chunks = list(self.images.only(distinct).read(shape, images_per_chunk(shape)))
        found = np.zeros([len(distinct), *shape], np.float32)  # black where an image cannot be decoded
        for chunk in chunks:
            found[chunk.places] = chunk.images / np.float32(255)
        return found[order]

    @property
    def left_out(self) -> str:
        """A line on the images that were left out so far, if any."""
        return f"\n{left_out(list(self.skipped))}" if self.skipped else ""

    @property
    def prior(self) -> Natural:
        """p(beta) as a factor of q(beta), or zeros [M]."""
        return Natural(*self.model.prior_parameters())


def experts_of(rows: ImageTable) -> Natural:
    """The experts of images."""
    return Natural(np.asarray(rows.precision), np.asarray(rows.precision_mean))


class Joint(NamedTuple):
    """q(d) of the images of two groups, which does not depend on the group."""

    first: np.ndarray  # [n, K]
    second: np.ndarray  # [m, K]


def joint_probs(groups: Groups, first: ImageTable, second: ImageTable) -> Joint:
    """q(d) of images of two groups; an optimal one at the beta of all these images together."""
    if not is_optimal(groups.model):
        return Joint(np.asarray(first.component_probs), np.asarray(second.component_probs))
    z_mean, z_stddev, precision, precision_mean = (
        np.concatenate([getattr(first, name), getattr(second, name)])
        for name in ("z_mean", "z_stddev", "precision", "precision_mean")
    )
    beta, _ = Natural(precision, precision_mean).sum(groups.prior).moments()
    one_group = np.zeros(len(z_mean), np.intp)
    probs = optimal_probs(groups.model.prior, z_mean, z_stddev, one_group, beta[np.newaxis])
    return Joint(probs[: len(first)], probs[len(first) :])
