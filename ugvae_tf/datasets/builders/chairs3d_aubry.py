"""3D Chairs of Aubry et al. 2014: 1,393 chairs, each rendered from 31 azimuths and 2 elevations."""

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from ugvae_tf.datasets.builders.manual import ManualBuilder
from ugvae_tf.errors import UserError

# image_018_p020_t151_r096.png: the 18th view, elevation 20 degrees, azimuth 151 degrees, distance 96
FILE_NAME = re.compile(r"image_\d+_p(?P<elevation>\d+)_t(?P<azimuth>\d+)_r\d+\.png")
CITATION = """@inproceedings{aubry2014seeing,
  title={Seeing {3D} chairs: exemplar part-based {2D-3D} alignment using a large dataset of {CAD} models},
  author={Aubry, Mathieu and Maturana, Daniel and Efros, Alexei A. and Russell, Bryan C. and Sivic, Josef},
  booktitle={IEEE Conference on Computer Vision and Pattern Recognition},
  year={2014}
}"""


class Chairs3dAubry(ManualBuilder):
    """`rendered_chairs/<model>/renders/*.png`, as unpacked from the authors' rendered_chairs.tar."""

    PATTERNS = ("rendered_chairs/*/renders/*.png",)
    MANUAL_DOWNLOAD_INSTRUCTIONS = (
        "download rendered_chairs.tar from the project page 'Seeing 3D chairs' of Aubry et al. 2014 "
        "(www.di.ens.fr/willow/research/seeing3Dchairs) and unpack it there, so that "
        "rendered_chairs/<model>/renders/*.png exist."
    )

    def _info(self) -> tfds.core.DatasetInfo:
        return tfds.core.DatasetInfo(
            builder=self,
            description="Renderings of 3D models of chairs on white; azimuth and elevation in radians.",
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(None, None, 3)),
                    "model": tfds.features.Text(),
                    "azimuth": tfds.features.Scalar(np.float32),
                    "elevation": tfds.features.Scalar(np.float32),
                }
            ),
            homepage="https://www.di.ens.fr/willow/research/seeing3Dchairs/",
            citation=CITATION,
        )

    @staticmethod
    def object_of(file: Path) -> str:
        return file.parents[1].name

    def _generate_examples(self, files: list[Path]) -> Iterator[tuple[str, dict[str, Any]]]:
        for file in files:
            view = FILE_NAME.fullmatch(file.name)
            if view is None:
                raise UserError(
                    f"{file} is not named like image_018_p020_t151_r096.png: unpack rendered_chairs.tar again."
                )
            angles = {name: math.radians(int(degrees)) for name, degrees in view.groupdict().items()}
            yield f"{self.object_of(file)}/{file.name}", {"image": file, "model": self.object_of(file), **angles}
