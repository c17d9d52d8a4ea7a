"""Random initial values and small models for every test, and one small TFDS data set.

No TensorFlow is imported here: with pytest-xdist, the process that hands tests out reads this file too.
"""

import functools
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")  # compiles faster, computes the same
# Small arrays gain nothing from several threads, and several processes share the cores.
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # as the commands do, which tests compare with this process
os.environ.setdefault("UGVAE_TF_CACHE", str(Path(__file__).parents[1] / ".pytest_cache" / "images"))

import numpy as np
import pytest


@pytest.hookimpl(optionalhook=True)  # without pytest-xdist too
def pytest_xdist_auto_num_workers(config):
    """A process for each core, and one more where slow tests wait for processes that they start."""
    return len(os.sched_getaffinity(0)) + ("not slow" not in config.option.markexpr)


@pytest.fixture(scope="session", autouse=True)
def _two_logical_devices():
    """Made before another fixture uses TensorFlow, which then allows no change of its devices."""
    import small_models  # noqa: F401


@pytest.fixture(autouse=True)
def _initial_values():
    """The same random numbers for every test, and small models that no other test holds."""
    import keras
    import small_models

    keras.utils.set_random_seed(0)
    small_models.LENT.clear()  # what a fixture of a wider scope holds is its own
    yield
    small_models.take_back()


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    """By settings: a small model and the folder of its export as version 1, which tests only read."""
    import small_models

    @functools.cache
    def made(**settings):
        folder = tmp_path_factory.mktemp("exported")
        return small_models.exported(folder / "1", **settings), folder

    return made


@pytest.fixture(scope="session")
def served(exported):
    """By settings: a loaded export of a model of COLOUR_SHAPE, which tests only call."""
    import small_models

    from ugvae_tf.serving.served_model import ServedModel

    return functools.cache(
        lambda **settings: ServedModel(exported(image_shape=small_models.COLOUR_SHAPE, **settings)[1])
    )


@pytest.fixture(scope="module")
def coarse():
    """Intervals and p-values of few draws and figures of few dots, which take less time."""
    from ugvae_tf.evaluation import spread
    from ugvae_tf.plots import page

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page, "DPI", 24)
        patch.setattr(spread, "RESAMPLES", 7)
        patch.setattr(spread, "SHUFFLES", 7)
        yield


@pytest.fixture(scope="session")
def tiny_data_dir(tmp_path_factory):
    """A folder with the TFDS data set `tiny`: 503 training and 17 test images of 7x5 pixels, three classes."""
    import tensorflow_datasets as tfds

    folder = tmp_path_factory.mktemp("tfds")
    random = np.random.default_rng(0)

    def split(count):
        labels = random.integers(3, size=count)
        images = (random.random((count, 7, 5, 1)) * 80 + 80 * labels[:, None, None, None]).astype(np.uint8)
        return [(key, {"image": images[key], "label": labels[key]}) for key in range(count)]

    features = {"image": tfds.features.Image(shape=(7, 5, 1)), "label": tfds.features.ClassLabel(num_classes=3)}
    tfds.dataset_builders.store_as_tfds_dataset(
        name="tiny",
        version="1.0.0",
        features=tfds.features.FeaturesDict(features),
        split_datasets={"train": split(503), "test": split(17)},
        data_dir=folder,
        disable_shuffling=True,
    )
    return folder


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A function that gives the machine a processor with these flags."""
    from ugvae_tf.config import precision

    def with_flags(text: str) -> None:
        (tmp_path / "cpuinfo").write_text(f"processor\t: 0\nmodel name\t: amx_bf16 9000\n{text}\n")
        monkeypatch.setattr(precision, "CPU", tmp_path / "cpuinfo")
        monkeypatch.setattr(precision, "GPUS", (tmp_path / "gpu",))

    return with_flags
