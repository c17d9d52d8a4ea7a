"""Our TFDS builders over files that the user places, each on a few generated files in the real layout."""

import shutil
import tempfile
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import scipy.io
import tensorflow as tf
import tensorflow_datasets as tfds

from ugvae_tf.datasets.builders import BUILDERS, Cars3dFidler, Chairs3dAubry, Faces3dBfm
from ugvae_tf.errors import UserError

pytestmark = pytest.mark.slow

CHAIRS = ["1a2b8749a1756a09932a5c2746cd09a4", "2b", "3c", "4d", "5e"]
PERSONS = [f"{number:05}_20061015_{number:05}" for number in (1, 2, 6, 14, 17, 22, 52, 53, 293, 323)]


def write_png(file: Path, height: int, width: int, value: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(tf.io.encode_png(np.full((height, width, 3), value, np.uint8)).numpy())


def place_chairs(folder: Path) -> None:
    for number, chair in enumerate(CHAIRS):
        for view, name in enumerate(["image_018_p020_t151_r096.png", "image_031_p030_t000_r096.png"]):
            write_png(folder / "rendered_chairs" / chair / "renders" / name, 9, 7, 10 * number + view)
    (folder / "rendered_chairs" / "all_chair_names.mat").touch()


def place_faces(folder: Path) -> None:
    for number, person in enumerate(PERSONS):
        for light in range(3):
            name = f"{person}_neutral_face05_illum{light}_pose0.png"
            write_png(folder / "PublicMM1" / "05_renderings" / name, 11, 8, 10 * number + light)


def place_cars(folder: Path, inside: str = "data/cars") -> None:
    (folder / inside).mkdir(parents=True)
    (folder / inside / "list.txt").touch()
    views = np.arange(24 * 4, dtype=np.uint8).reshape(1, 1, 1, 24, 4)
    for number in (1, 2, 199):
        images = np.broadcast_to(views + number % 10, (128, 128, 3, 24, 4))
        scipy.io.savemat(
            folder / inside / f"car_{number:03}_mesh.mat", {"im": images, "mask": images[:, :, 0]}, do_compression=True
        )


class PlacedFiles(tfds.testing.DatasetBuilderTestCase):
    """TFDS's own test of a builder, on files that `PLACE` generates."""

    PLACE = None

    @classmethod
    def setUpClass(cls):
        cls.EXAMPLE_DIR = tempfile.mkdtemp()
        cls.PLACE(Path(cls.EXAMPLE_DIR))
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        shutil.rmtree(cls.EXAMPLE_DIR)


class Chairs3dAubryTest(PlacedFiles):
    DATASET_CLASS = Chairs3dAubry
    PLACE = staticmethod(place_chairs)
    SPLITS: ClassVar = {"train": 8, "test": 2}


class Cars3dFidlerTest(PlacedFiles):
    DATASET_CLASS = Cars3dFidler
    PLACE = staticmethod(place_cars)
    SPLITS: ClassVar = {"train": 192, "test": 96}


class Faces3dBfmTest(PlacedFiles):
    DATASET_CLASS = Faces3dBfm
    PLACE = staticmethod(place_faces)
    SPLITS: ClassVar = {"train": 24, "test": 6}


del PlacedFiles  # or pytest would collect it


PLACES = {"chairs3d-aubry": place_chairs, "cars3d-fidler": place_cars, "faces3d-bfm": place_faces}


@pytest.fixture(params=PLACES)
def prepared(request, tmp_path):
    """A data set's name, and its builder after the files were placed and prepared."""
    PLACES[request.param](tmp_path / "downloads" / "manual")
    builder = tfds.builder(BUILDERS[request.param].name, data_dir=tmp_path)
    builder.download_and_prepare()
    return request.param, builder


def columns(builder, split) -> dict[str, np.ndarray]:
    return tfds.as_numpy(next(iter(builder.as_dataset(split=split).batch(1000))))


def test_objects_are_in_one_split_only_and_their_images_are_the_files(prepared):
    name, builder = prepared
    key = "person" if name == "faces3d-bfm" else "model"
    train, test = columns(builder, "train"), columns(builder, "test")
    assert not set(train[key]) & set(test[key])
    assert len(set(train[key]) | set(test[key])) == {"chairs3d-aubry": 5, "cars3d-fidler": 3, "faces3d-bfm": 10}[name]
    values = [image.mean() for image in np.concatenate([train["image"], test["image"]])]
    assert len(set(values)) == {"chairs3d-aubry": 10, "cars3d-fidler": 104, "faces3d-bfm": 30}[name]


def test_angles_are_in_radians(tmp_path):
    place_chairs(tmp_path / "downloads" / "manual")
    builder = tfds.builder("chairs3d_aubry", data_dir=tmp_path)
    builder.download_and_prepare()
    labels = columns(builder, "train")
    assert sorted(set(np.degrees(labels["azimuth"]).round(2))) == [0, 151]
    assert sorted(set(np.degrees(labels["elevation"]).round(2))) == [20, 30]
    assert labels["image"].shape == (8, 9, 7, 3)


def test_views_of_a_car_have_their_own_labels(tmp_path):
    place_cars(tmp_path / "downloads" / "manual", inside="cars")  # where disentanglement_lib has them
    builder = tfds.builder("cars3d_fidler", data_dir=tmp_path)
    builder.download_and_prepare()
    labels = columns(builder, "train+test")
    first = labels["model"] == b"car_001"
    azimuth = (labels["azimuth"][first] / (2 * np.pi) * 24).round()
    assert np.array_equal(labels["image"][first][:, 0, 0, 0], azimuth * 4 + labels["elevation"][first] + 1)


@pytest.mark.parametrize(
    ("name", "file", "page"),
    [
        ("chairs3d-aubry", "rendered_chairs.tar", "Seeing 3D chairs"),
        ("cars3d-fidler", "nips2015-analogy-data.tar.gz", "Deep Visual Analogy-Making"),
        ("faces3d-bfm", "PublicMM1/05_renderings", "Basel Face Model"),
    ],
)
def test_missing_files_are_told_with_their_source_and_their_place(name, file, page, tmp_path):
    with pytest.raises(UserError) as caught:
        BUILDERS[name](data_dir=tmp_path).download_and_prepare()
    told = str(caught.value)
    assert all(word in told for word in (f"'{name}'", file, page, str(tmp_path / "downloads" / "manual")))
    assert "\n" not in told and not list(tmp_path.glob("*/1.0.0"))


def test_files_that_are_not_the_data_set_are_told(tmp_path):
    manual = tmp_path / "downloads" / "manual"
    place_chairs(manual)
    write_png(manual / "rendered_chairs" / "2b" / "renders" / "mine.png", 9, 7, 0)
    with pytest.raises(UserError, match=r"mine\.png is not named like"):
        Chairs3dAubry(data_dir=tmp_path).download_and_prepare()
    place_cars(manual)
    car = manual / "data" / "cars" / "car_002_mesh.mat"
    scipy.io.savemat(car, {"im": np.zeros((2, 2, 3), np.uint8)})
    with pytest.raises(UserError, match=r"car_002_mesh.mat is uint8 \(2, 2, 3\)"):
        Cars3dFidler(data_dir=tmp_path).download_and_prepare()
    car.write_bytes(b"MATLAB 5.0 MAT-file, or not")
    with pytest.raises(UserError, match=r"car_002_mesh.mat is damaged"):
        Cars3dFidler(data_dir=tmp_path).download_and_prepare()
