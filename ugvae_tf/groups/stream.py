"""Groups of images in one stream: sums of natural parameters, and rows of images on disk where they are needed."""

import tempfile
from contextlib import closing
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from tqdm import tqdm

from ugvae_tf.datasets.grouped_images import GroupedImages
from ugvae_tf.datasets.image_reader import Chunk
from ugvae_tf.errors import LacksPart, UserError
from ugvae_tf.files import written_to
from ugvae_tf.groups.source_request import damaged
from ugvae_tf.serving.expert_codes import ExpertCodes, expert_codes, images_per_chunk, is_optimal
from ugvae_tf.serving.group_sums import GroupSums, moments
from ugvae_tf.serving.group_table import GroupTable, ImageTable
from ugvae_tf.serving.optimal_shares import optimal_probs
from ugvae_tf.serving.served_model import ServedModel
from ugvae_tf.serving.spool import Spool

ROWS = 8192  # of the second pass, for an optimal q(d)


class Encoded(NamedTuple):
    """The codes of a stream of images."""

    groups: GroupTable
    images: ImageTable | None
    unreadable: list[str]  # names of the images that were left out


def encoded(
    model: ServedModel,
    images: GroupedImages,
    corrupt: Literal["stop", "skip"] = "stop",
    with_images: bool = False,
    folder: Path | None = None,
) -> Encoded:
    """The codes of images in a stream.

    Args:
        folder: for what does not fit in memory: q(z) of every image, if q(d) is optimal or with `with_images`.

    Raises:
        UserError: the model has neither beta nor a mixture, an image is damaged, or no image can be decoded.
    """
    if not (model.settings.model.has_beta or model.settings.model.has_mixture):
        raise LacksPart(f"The model in {model.address} has no beta and no mixture, so its groups have no code.")
    with closing(Spool(folder or Path(tempfile.gettempdir()))) as spool:
        stream = _Stream(model, images, spool, with_images)
        with tqdm(total=len(images), desc="encoding", unit=" images", leave=False) as bar:
            for chunk in images.read(model.image_shape, images_per_chunk(model.image_shape)):
                stream.add(chunk, corrupt)
                bar.update(len(chunk.places) + len(chunk.unreadable))
        return stream.result()


class _Stream:
    """The sums so far; and, where they are needed later, the rows of images on disk."""

    def __init__(self, model: ServedModel, images: GroupedImages, spool: Spool, with_images: bool) -> None:
        self.model, self.images, self.spool, self.with_images = model, images, spool, with_images
        self.sums: GroupSums | None = None
        self.unreadable: list[str] = list(images.unreadable)

    def add(self, chunk: Chunk, corrupt: str) -> None:
        """Add the images of a chunk."""
        self.unreadable += [str(self.images.names[place]) for place in chunk.unreadable]
        if self.unreadable and corrupt == "stop":
            raise damaged(self.unreadable[0])
        if len(chunk.places):
            self._add(expert_codes(self.model, chunk.images), chunk.places)

    def _add(self, codes: ExpertCodes, places: np.ndarray) -> None:
        groups = self.images.groups[places]
        summed = {"precision": codes.precision, "precision_mean": codes.precision_mean}
        if codes.component_probs is not None:
            summed["component_probs"] = codes.component_probs
        if self.sums is None:
            widths = {name: values.shape[1] for name, values in summed.items()}
            self.sums = GroupSums.zeros(len(self.images.group_names), widths)
        self.sums.add(groups, **summed)
        rows = {"place": places, "z_mean": codes.z_mean, "z_stddev": codes.z_stddev}
        with written_to(self.spool.folder, "encode the images again"):
            if self.with_images:
                self.spool.append(**rows, **summed)
            elif codes.component_probs is None:
                self.spool.append(**rows)

    def result(self) -> Encoded:
        """The codes of the groups that have an image, and the rows of the images."""
        if self.sums is None:
            raise UserError(f"None of the {len(self.images)} images can be decoded; the first is {self.unreadable[0]}.")
        prior_precision, prior_precision_mean = self.model.prior_parameters()
        with np.errstate(divide="ignore", invalid="ignore"):  # of groups without an image
            beta_mean, beta_stddev = moments(
                self.sums.values["precision"] + prior_precision,
                self.sums.values["precision_mean"] + prior_precision_mean,
            )
        columns = self.spool.columns()
        if is_optimal(self.model):
            columns["component_probs"] = self._optimal(columns, beta_mean)
        probs = self.sums.values["component_probs"] / np.maximum(self.sums.images, 1)[:, np.newaxis]
        vectors = (array.astype(np.float32) for array in (beta_mean, beta_stddev, probs))
        table = GroupTable(self.images.group_names, self.sums.images, *vectors)
        images = self._image_table(columns) if self.with_images else None
        return Encoded(table.rows(self.sums.images > 0), images, self.unreadable)

    def _optimal(self, columns: dict[str, np.ndarray], beta_mean: np.ndarray) -> np.ndarray:
        """q(d) of every image [N, K] at the beta of its group, on disk; its sums are added. Without images: [0, K]."""
        assert self.sums is not None
        groups = self.images.groups[columns["place"]]
        order = np.argsort(groups, kind="stable")
        components = self.model.settings.model.components
        self.sums.values["component_probs"] = np.zeros([len(beta_mean), components])
        found = np.empty([0, components], np.float32)
        if self.with_images:
            with tempfile.TemporaryFile(dir=self.spool.folder) as file:
                found = np.memmap(file, np.float32, "w+", shape=(len(groups), components))
        for start in tqdm(range(0, len(order), ROWS), desc="q(d)", unit="block", leave=False):
            rows = order[start : start + ROWS]
            q_z = columns["z_mean"][rows], columns["z_stddev"][rows]
            probs = optimal_probs(self.model.prior, *q_z, groups[rows], beta_mean)
            self.sums.add_values(groups[rows], component_probs=probs)
            if self.with_images:
                found[rows] = probs
        return found

    def _image_table(self, columns: dict[str, np.ndarray]) -> ImageTable:
        places = columns.pop("place")
        names = np.array([self.images.names[place] for place in places])
        return ImageTable(names, self.images.group_names[self.images.groups[places]], **columns)
