"""3D Cars of Fidler et al. 2012: 183 car models, each rendered from 24 azimuths and 4 elevations.

The files are those that disentanglement_lib and DiscoGAN use: Reed et al. 2015 rendered the models for
"Deep Visual Analogy-Making" and published a Matlab file of each.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import scipy.io
import tensorflow_datasets as tfds

from ugvae_tf.datasets.builders.manual import ManualBuilder
from ugvae_tf.errors import UserError

SHAPE = (128, 128, 3, 24, 4)  # of `im` in every file: height, width, channels, azimuths, elevations
CITATION = """@inproceedings{fidler2012object,
  title={{3D} object detection and viewpoint estimation with a deformable {3D} cuboid model},
  author={Fidler, Sanja and Dickinson, Sven and Urtasun, Raquel},
  booktitle={Advances in Neural Information Processing Systems},
  year={2012}
}
@inproceedings{reed2015deep,
  title={Deep visual analogy-making},
  author={Reed, Scott E. and Zhang, Yi and Zhang, Yuting and Lee, Honglak},
  booktitle={Advances in Neural Information Processing Systems},
  year={2015}
}"""


class Cars3dFidler(ManualBuilder):
    """`data/cars/car_<number>_mesh.mat` as unpacked, or `cars/` where disentanglement_lib moves the files."""

    PATTERNS = ("data/cars/car_*_mesh.mat", "cars/car_*_mesh.mat")
    MANUAL_DOWNLOAD_INSTRUCTIONS = (
        "download nips2015-analogy-data.tar.gz, the renderings of the car models of Fidler et al. 2012, from the "
        "project page of 'Deep Visual Analogy-Making' by Reed et al. 2015 (www.scottreed.info) and unpack it there, "
        "so that data/cars/car_001_mesh.mat and the others exist."
    )

    def _info(self) -> tfds.core.DatasetInfo:
        return tfds.core.DatasetInfo(
            builder=self,
            description="Renderings of 3D models of cars; azimuth in radians, elevation as its number, 0 to 3.",
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=SHAPE[:3]),
                    "model": tfds.features.Text(),
                    "azimuth": tfds.features.Scalar(np.float32),
                    "elevation": tfds.features.ClassLabel(num_classes=SHAPE[4]),
                }
            ),
            homepage="http://www.cs.toronto.edu/~fidler/projects/CAD.html",
            citation=CITATION,
        )

    @staticmethod
    def object_of(file: Path) -> str:
        return file.name.removesuffix("_mesh.mat")

    def _generate_examples(self, files: list[Path]) -> Iterator[tuple[str, dict[str, Any]]]:
        for file in files:
            views = read_views(file)
            for azimuth, elevation in np.ndindex(SHAPE[3:]):
                yield (
                    f"{self.object_of(file)}/{azimuth}/{elevation}",
                    {
                        "image": np.ascontiguousarray(views[..., azimuth, elevation]),
                        "model": self.object_of(file),
                        "azimuth": azimuth * 2 * math.pi / SHAPE[3],
                        "elevation": elevation,
                    },
                )


def read_views(file: Path) -> np.ndarray:
    """The array `im` of a file, uint8 of SHAPE; raises UserError for any other content."""
    try:
        views = scipy.io.loadmat(str(file), variable_names=["im"])["im"]
    except Exception as error:  # scipy does not wrap the errors of its parser
        raise UserError(f"{file} is damaged ({error}): unpack nips2015-analogy-data.tar.gz again.") from error
    if views.shape != SHAPE or views.dtype != np.uint8:
        raise UserError(
            f"`im` in {file} is {views.dtype} {views.shape}, not uint8 {SHAPE}: this is not a file of 3D Cars."
        )
    return views
