"""Exports, checkpoints and Keras files that earlier states wrote are read by this one.

`scripts/keep_formats.py` writes the folders of tests/kept.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from ugvae_tf.models import UgVae  # noqa: F401  Keras finds its classes
from ugvae_tf.serving.served_model import ServedModel

ROOT = Path(__file__).parents[1]
KEPT = sorted((Path(__file__).parent / "kept").iterdir())


@pytest.fixture(params=KEPT, ids=lambda folder: folder.name)
def kept(request, tmp_path):
    """A copy of what one state wrote."""
    return shutil.copytree(request.param, tmp_path / "kept")


def test_an_export_gives_its_codes(kept):
    images = np.load(kept / "images.npz")["image"][:5]
    found = ServedModel(kept / "small").encode(images).beta_mean
    np.testing.assert_allclose(found, np.load(kept / "codes.npz")["served"], rtol=1e-5, atol=1e-6)


def test_a_keras_file_gives_its_codes(kept):
    images = np.load(kept / "images.npz")["image"][:5]
    found = keras.models.load_model(kept / "mine.keras").encode(images).beta_mean
    np.testing.assert_allclose(found, np.load(kept / "codes.npz")["keras"], rtol=1e-5, atol=1e-6)


@pytest.mark.slow
def test_a_run_is_resumed(kept):
    flags = ["--dataset", "npz", "--data-dir", kept / "images.npz", "--name", "small", "--output-dir", kept]
    command = [sys.executable, ROOT / "train.py", *flags, "--resume", "--epochs", "2"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    assert done.returncode == 0 and "damaged" not in done.stdout, done.stderr
    assert len((kept / "small" / "history.csv").read_text().splitlines()) == 3
    assert (kept / "small" / "2" / "saved_model.pb").exists()
