"""What a worker of the pipeline reads at a time: some image files, or rows of an array. Without Apache Beam."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

IMAGES = 1024  # of an element


@dataclass(frozen=True)
class Files:
    """Image files, and the place of each one's group among the names of the groups."""

    files: tuple[str, ...]
    groups: tuple[int, ...]

    def read(self, shape: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray, list[str]]:
        """Images [n, H, W, C], their groups [n], and names of the files that cannot be decoded."""
        from ugvae_tf.datasets.image_reader import merged, read_files

        [chunk] = merged(read_files([Path(file) for file in self.files], shape), len(self.files) + 1)
        return chunk.images, np.array(self.groups)[chunk.places], [self.files[place] for place in chunk.unreadable]


@dataclass(frozen=True)
class Rows:
    """Rows of an .npy file of images, all that a worker has to read; row i of the elements is i modulo the file's."""

    file: str
    first: int
    groups: tuple[int, ...]

    def read(self, shape: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray, list[str]]:
        """As `Files.read`."""
        images = np.load(self.file, mmap_mode="r")
        places = (self.first + np.arange(len(self.groups))) % len(images)
        return images[places].reshape(-1, *shape), np.array(self.groups), []


def file_elements(files: Sequence[Path], groups: np.ndarray) -> list[Files]:
    """Elements of IMAGES files or fewer."""
    return [
        Files(tuple(map(str, files[start : start + IMAGES])), tuple(groups[start : start + IMAGES].tolist()))
        for start in range(0, len(files), IMAGES)
    ]
