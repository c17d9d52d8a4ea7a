"""Base class of our TFDS builders: they find the files that the user placed, and split them by object."""

from abc import abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import tensorflow_datasets as tfds

from ugvae_tf.errors import UserError

HELD_OUT = 0.2  # share of the objects
SEED = 0


class ManualBuilder(tfds.core.GeneratorBasedBuilder, skip_registration=True):  # type: ignore[call-arg]
    """A data set of several images of each object; no object has images in both train and test.

    MANUAL_DOWNLOAD_INSTRUCTIONS continues the sentence "The files are not in FOLDER: ...".
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES: ClassVar = {"1.0.0": "First version."}
    PATTERNS: tuple[str, ...]  # of the files below the manual folder; the first that matches any file is used

    @staticmethod
    @abstractmethod
    def object_of(file: Path) -> str:
        """The name of the object that the file shows."""

    @abstractmethod
    def _generate_examples(self, files: list[Path]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Key and features of every image in the files."""

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Iterator[Any]]:
        files = self._placed_files(dl_manager)
        objects = sorted({self.object_of(file) for file in files})
        shuffled = np.random.default_rng(SEED).permutation(objects)
        held_out = set(shuffled[: max(1, round(HELD_OUT * len(objects)))])
        return {
            "train": self._generate_examples([file for file in files if self.object_of(file) not in held_out]),
            "test": self._generate_examples([file for file in files if self.object_of(file) in held_out]),
        }

    def _placed_files(self, dl_manager: tfds.download.DownloadManager) -> list[Path]:
        """The files in a constant order; raises UserError with their source if fewer than two objects are there."""
        try:
            folder = Path(dl_manager.manual_dir)
        except AssertionError:  # TFDS raises it if the folder is missing or empty
            folder = Path(dl_manager.download_dir) / "manual"
        for pattern in self.PATTERNS:
            files = sorted(folder.glob(pattern))
            if len({self.object_of(file) for file in files}) > 1:
                return files
        name = self.name.replace("_", "-")
        raise UserError(f"The files of the data set '{name}' are not in {folder}: {self.MANUAL_DOWNLOAD_INSTRUCTIONS}")
