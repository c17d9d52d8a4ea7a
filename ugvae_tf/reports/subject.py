"""What a task is run on: a served model, the images it is shown, and how groups are drawn from them."""

from functools import cached_property
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from ugvae_tf.commands import EvaluationRequest
from ugvae_tf.datasets.loading import ImageSet, load_split
from ugvae_tf.errors import UserError
from ugvae_tf.evaluation.codes import ImageCodes, encode_images
from ugvae_tf.serving import ServedModel


class Report(NamedTuple):
    """What a task found."""

    metrics: dict[str, float]
    figures: dict[str, Figure]  # by file name, without its ending
    table: str  # for the terminal


class Subject:
    """A model and its data; each is loaded, and encoded, when a task first asks for it."""

    def __init__(self, request: EvaluationRequest) -> None:
        self.request = request
        self.model = ServedModel(request.saved_model)
        trained_on = self.model.config["data"]
        self.dataset = request.dataset or trained_on["dataset"]
        trained_size: int = trained_on["group_size"]
        self.smallest, self.largest = request.sizes or (trained_size, trained_size)

    def _load(self, split: str) -> ImageSet:
        found = load_split(self.dataset, split, self.request.data_dir)
        if found.images.shape[1:] != self.model.image_shape:
            raise UserError(
                f"The images of '{self.dataset}' are {found.images.shape[1:]}, but the model in {self.model.folder} "
                f"takes {self.model.image_shape}: give a --dataset of that size."
            )
        if len(found) < self.largest:
            raise UserError(
                f"'{self.dataset}' has {len(found)} {split} images, fewer than one group of {self.largest}: "
                f"give a smaller --group-size."
            )
        return found

    @cached_property
    def train(self) -> ImageSet:
        """The training images."""
        return self._load("train")

    @cached_property
    def held_out(self) -> ImageSet:
        """The images that no training has seen."""
        return self._load("held-out")

    @cached_property
    def train_codes(self) -> ImageCodes:
        """Codes of the training images."""
        return encode_images(self.model, self.train.images, "encoding training images")

    @cached_property
    def held_out_codes(self) -> ImageCodes:
        """Codes of the held-out images."""
        return encode_images(self.model, self.held_out.images, "encoding held-out images")

    def labels(self, images: ImageSet) -> np.ndarray:
        """The label of each image [N]; raises UserError if the set has none."""
        if "label" not in images.labels:
            raise UserError(f"'{self.dataset}' has no labels, which this task compares with: choose another --dataset.")
        return images.labels["label"]

    def generator(self, *stream: int) -> np.random.Generator:
        """Chance for one purpose, fixed by --seed."""
        return np.random.default_rng([self.request.seed, *stream])

    def resized(self, members: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """Members [groups, B] cut to random sizes within --group-size; -1 where nobody is left."""
        sizes = random.integers(self.smallest, self.largest, size=(len(members), 1), endpoint=True)
        return np.where(np.arange(members.shape[1]) < sizes, members, -1)
