"""A version whose files are not as they were exported is not loaded."""

import shutil
import subprocess

import numpy as np
import pytest

from ugvae_tf.errors import UserError
from ugvae_tf.serving.checksums import CHECKSUMS
from ugvae_tf.serving.served_model import ServedModel

FILES = ["saved_model.pb", "assets.extra/config.json", "variables/variables.index"]
FILES += ["variables/variables.data-00000-of-00001"]


@pytest.fixture
def version(exported, tmp_path):
    return shutil.copytree(exported(model="vae")[1] / "1", tmp_path / "1")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("kind", ["flipped", "cut", "missing"])
def test_a_damaged_file_is_named(version, name, kind):
    content = bytearray((version / name).read_bytes())
    content[len(content) // 2] ^= 4
    (version / name).write_bytes(bytes(content) if kind == "flipped" else content[: len(content) // 2])
    if kind == "missing":
        (version / name).unlink()
    with pytest.raises(
        UserError, match=rf"is damaged: '{name}' is not as it was|is not a SavedModel that|no exported version"
    ):
        ServedModel(version)


@pytest.mark.parametrize("seed", range(12))
def test_a_damaged_export_of_an_older_version_is_loaded_whole_or_not_at_all(version, seed):
    """Without checksums, as before version 0.2: one sentence, or the same codes, as TensorFlow finds most damages."""
    (version / CHECKSUMS).unlink()
    random, images = np.random.default_rng(seed), np.full([1, 2, 7, 5, 2], 0.5, np.float32)
    expected = ServedModel(version).encode(images).z_mean
    name = FILES[seed % len(FILES)] if seed % 4 else FILES[3]
    content = bytearray((version / name).read_bytes())
    cut = len(content) // 3 if seed % 2 else random.integers(len(content))
    (version / name).write_bytes(content[:cut])
    with pytest.raises(UserError):
        np.testing.assert_array_equal(ServedModel(version).encode(images).z_mean, expected)


def test_the_checksums_are_those_of_sha256sum(version):
    done = subprocess.run(["sha256sum", "--check", "--strict", str(CHECKSUMS)], cwd=version, capture_output=True)
    assert done.returncode == 0 and done.stdout.count(b": OK") == len(done.stdout.splitlines()) == 6
