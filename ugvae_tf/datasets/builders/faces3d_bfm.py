"""3D FACES, renderings of the Basel Face Model of Paysan et al. 2009: 10 persons in 9 poses and 3 illuminations.

These 270 images are what the paper's official code reads as 3D FACES.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tensorflow_datasets as tfds

from ugvae_tf.datasets.builders.manual import ManualBuilder

CITATION = """@inproceedings{paysan2009face,
  title={A {3D} face model for pose and illumination invariant face recognition},
  author={Paysan, Pascal and Knothe, Reinhard and Amberg, Brian and Romdhani, Sami and Vetter, Thomas},
  booktitle={IEEE International Conference on Advanced Video and Signal Based Surveillance},
  year={2009}
}"""


class Faces3dBfm(ManualBuilder):
    """`PublicMM1/05_renderings/*.png`, as unpacked from the archive of the Basel Face Model's scans.

    A file's name starts with the name of the scan, such as 00001_20061015_00418: the person.
    """

    PATTERNS = ("PublicMM1/05_renderings/*.png",)
    MANUAL_DOWNLOAD_INSTRUCTIONS = (
        "accept the licence on the project page 'Basel Face Model' of the University of Basel "
        "(faces.dmi.unibas.ch/bfm), download '3D face scans & renderings of ten individuals' and unpack it there, so "
        "that PublicMM1/05_renderings/*.png exist."
    )

    def _info(self) -> tfds.core.DatasetInfo:
        return tfds.core.DatasetInfo(
            builder=self,
            description="Renderings of ten 3D scans of faces in 9 poses and 3 illuminations.",
            features=tfds.features.FeaturesDict(
                {"image": tfds.features.Image(shape=(None, None, 3)), "person": tfds.features.Text()}
            ),
            homepage="https://faces.dmi.unibas.ch/bfm/",
            citation=CITATION,
        )

    @staticmethod
    def object_of(file: Path) -> str:
        return file.name[: len("00001_20061015_00418")]

    def _generate_examples(self, files: list[Path]) -> Iterator[tuple[str, dict[str, Any]]]:
        for file in files:
            yield file.name, {"image": file, "person": self.object_of(file)}
