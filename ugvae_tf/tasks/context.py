"""The context of a task: the served model, the images, and the sampling of groups from them."""

from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from ugvae_tf.config import UNKNOWN_DATA, DataConfig
from ugvae_tf.datasets.image_set import ImageSet
from ugvae_tf.datasets.loading import NOTHING, load_split
from ugvae_tf.datasets.resizing import batch_of_shape
from ugvae_tf.datasets.validation_split import HeldBack
from ugvae_tf.errors import LacksPart, UserError
from ugvae_tf.evaluation.categories import (
    Category,
    digit_categories,
    named_categories,
    only_true,
    value_categories,
)
from ugvae_tf.serving.codes import ImageCodes, encode_images
from ugvae_tf.serving.served_model import ServedModel
from ugvae_tf.tasks.request import OF_DATA, EvaluationRequest

UNLABELLED = (
    "the tasks reconstruction, clustering, embedding, interpolation, retrieval, traversal, likelihood, "
    "anatomy and prediction"
)


class Report(NamedTuple):
    """The result of a task."""

    metrics: dict[str, float]
    figures: dict[str, Figure]  # by file name, without its ending
    table: str  # for the terminal


def _evaluated_on(request: EvaluationRequest, trained_on: DataConfig) -> DataConfig:
    """The data of a task: those that the model was trained on, with the settings of the request."""
    given = {name: value for name in OF_DATA if (value := getattr(request, name)) is not None}
    if given.get("dataset", trained_on.dataset) != trained_on.dataset:
        given.setdefault("data_dir", None)  # the folder of the training data holds that data set only
    return replace(trained_on, **given)


def _is_same(data: DataConfig, trained_on: DataConfig) -> bool:
    """Whether these are the images that the model was trained on. Of others, none were held back in training."""
    places = [each.data_dir and Path(each.data_dir).resolve() for each in (data, trained_on)]
    return data.dataset == trained_on.dataset and places[0] == places[1]


class Context:
    """A model and its data; images are loaded and encoded at their first use."""

    def __init__(self, request: EvaluationRequest) -> None:
        self.request = request
        self.model = ServedModel(request.address, request.trust)
        trained_on = self.model.settings.data
        self.dataset = request.codes or request.dataset or trained_on.dataset
        if self.dataset == UNKNOWN_DATA:
            raise UserError(f"The model in {self.model.address} has no data set in its configuration: give `dataset`.")
        self.data = DataConfig(request.codes) if request.codes else _evaluated_on(request, trained_on)
        self.smallest, self.largest = request.sizes or (trained_on.group_size, trained_on.group_size)
        self.notes: dict[str, None] = {}  # notes below the table, each once
        if request.attribute or request.category_labels:
            self.labels(self.held_out)  # reports an unknown label before any work

    @property
    def group_size(self) -> str:
        """The number of images in a group, in words."""
        return f"{self.largest}" if self.smallest == self.largest else f"{self.smallest} to {self.largest}"

    def require(self, part: str, meaning: str) -> None:
        """Raise LacksPart unless the model has the part: `has_beta` or `has_mixture` of ModelConfig."""
        config = self.model.settings.model
        if not getattr(config, part):
            raise LacksPart(f"The model in {self.model.address} ({config.model}) has no {meaning}: give another one.")

    def _load(self, split: str) -> ImageSet:
        trained = self.model.settings
        found = load_split(self.data, split, HeldBack.by(trained) if _is_same(self.data, trained.data) else NOTHING)
        if found.images.shape[1:3] == self.model.image_shape[:2]:  # grey becomes colour, colour its luma
            found = replace(found, images=batch_of_shape(found.images, self.model.image_shape))
        if found.images.shape[1:] != self.model.image_shape:
            raise UserError(
                f"The images of '{self.dataset}' are {found.images.shape[1:]}, but the model in {self.model.address} "
                f"takes {self.model.image_shape}: give a `dataset` or an `image_size` of that size."
            )
        if len(found) < self.largest:
            raise UserError(
                f"'{self.dataset}' has {len(found)} {split} images, fewer than one group of {self.largest}: "
                f"give a smaller `group_size`."
            )
        return found

    @cached_property
    def train(self) -> ImageSet:
        """The training images, without those that were held back for validation."""
        return self._load("train")

    @cached_property
    def held_out(self) -> ImageSet:
        """The held-out images."""
        return self._load("held-out")

    @cached_property
    def train_codes(self) -> ImageCodes:
        """Codes of the training images."""
        return encode_images(self.model, self.train.images, "encoding training images")

    @cached_property
    def held_out_codes(self) -> ImageCodes:
        """Codes of the held-out images."""
        return encode_images(self.model, self.held_out.images, "encoding held-out images")

    @property
    def label_name(self) -> str:
        """The label that defines the categories: the `attribute`, else `domain` in a mixture, else `label`."""
        default = "domain" if "domain" in self.held_out.labels else "label"
        return self.request.attribute_values[0] or default

    def labels(self, images: ImageSet) -> np.ndarray:
        """The values [N] of the label that defines the categories: names or whole numbers.

        With `categories` of several labels: the name of the one that is true of each image.

        Raises:
            UserError: the data set has no such label, or it is not categorical.
        """
        if self.request.category_labels:
            return only_true(images.labels, self.request.category_labels)
        name = self.label_name
        if name not in images.labels:
            known = ", ".join(sorted(images.labels))
            if not known:
                raise UserError(
                    f"'{self.dataset}' has no label '{name}', nor any other, which this task needs: "
                    f"{UNLABELLED} need none."
                )
            raise UserError(f"'{self.dataset}' has no label '{name}': choose an `attribute` that it has ({known}).")
        values = images.labels[name]
        if values.dtype.kind == "f":
            raise UserError(f"'{name}' is a measurement, and this task needs categories: choose another `attribute`.")
        return np.where(values, name, f"not {name}") if values.dtype == bool else values

    @property
    def group_label(self) -> str | None:
        """The label whose values are groups: `group_by`, or the one that the model was trained with, or none."""
        trained_by = self.model.settings.data.group_by
        return self.request.group_by or (trained_by if trained_by in self.held_out.labels else None)

    def categories(self, default: str) -> list[Category]:
        """The categories: labels by name, groups of digits if the labels are the ten digits, or a label's values."""
        if self.request.category_labels:
            return named_categories(self.request.category_labels)
        labels, chosen = self.labels(self.train), self.request.attribute_values[1]
        are_digits = labels.dtype.kind in "iu" and set(range(10)) <= set(labels)
        if self.request.categories and not are_digits:
            raise UserError(f"`categories={self.request.categories}` needs the ten digits as labels: give `attribute`.")
        if self.request.attribute or not are_digits:
            return value_categories(labels, chosen)
        return digit_categories(self.request.categories or default)

    def members(self, category: Category, images: ImageSet, groups: int, random: np.random.Generator) -> np.ndarray:
        """Groups of a category [groups, B], of distinct images if there are enough, else with a note."""
        labels = self.labels(images)
        self.note_repeats(category, labels)
        return category.members(labels, groups, self.largest, random)

    def note_repeats(self, category: Category, labels: np.ndarray) -> None:
        """Add a note if images with these labels [N] are too few for a group of the category without an image twice."""
        if (available := category.has(labels).sum()) < self.largest:
            note = f"'{category.name}' has {available} images in a split, so its groups of {self.largest} repeat some."
            self.notes.setdefault(note)

    def generator(self, *stream: int) -> np.random.Generator:
        """The random generator of one purpose, a function of `seed`."""
        return np.random.default_rng(np.random.SeedSequence(self.request.seed, spawn_key=stream))

    def resized(self, members: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """Members [groups, B] cut to random sizes within `group_size` and padded with -1."""
        sizes = random.integers(self.smallest, self.largest, size=(len(members), 1), endpoint=True)
        return np.where(np.arange(members.shape[1]) < sizes, members, -1)
