"""A run is resumed from the newest whole checkpoint, or not at all."""

import keras
import numpy as np
import pytest
from small_models import new_model

from ugvae_tf.errors import UserError
from ugvae_tf.training.checkpoints import Checkpoints, is_whole, saved_checkpoints


def checkpoints(folder, steps: int = 0) -> Checkpoints:
    model = new_model(model="vae")
    model.compile(keras.optimizers.SGD(0.0))
    model.optimizer.build(model.trainable_variables)
    model.optimizer.iterations.assign(steps)
    return Checkpoints(folder, model)


@pytest.fixture
def saved(tmp_path):
    """Checkpoints of the steps 3, 6 and 9, of which the last two are kept."""
    written = checkpoints(tmp_path)
    for step in (3, 6, 9):
        written.iterations.assign(step)
        written.save()
    assert saved_checkpoints(tmp_path) == [str(tmp_path / "ckpt-3"), str(tmp_path / "ckpt-2")]
    return tmp_path


def cut(file):
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def flip(file):
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def delete(file):
    file.unlink()


DAMAGES = {  # and the step from which the run continues
    "nothing": (lambda folder: None, 9, True),
    "no file 'checkpoint'": (lambda folder: delete(folder / "checkpoint"), 9, True),
    "foreign 'checkpoint'": (lambda folder: (folder / "checkpoint").write_text("?"), 9, True),
    "cut data": (lambda folder: cut(folder / "ckpt-3.data-00000-of-00001"), 6, False),
    "flipped data": (lambda folder: flip(folder / "ckpt-3.data-00000-of-00001"), 6, False),
    "no data": (lambda folder: delete(folder / "ckpt-3.data-00000-of-00001"), 6, False),
    "cut index": (lambda folder: cut(folder / "ckpt-3.index"), 6, False),
    "empty index": (lambda folder: (folder / "ckpt-3.index").write_bytes(b""), 6, False),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", DAMAGES)
def test_the_newest_whole_checkpoint_is_restored(saved, name):
    damage, step, is_newest = DAMAGES[name]
    damage(saved)
    resumed = checkpoints(saved)
    assert resumed.restore() == is_newest and resumed.step == step
    resumed.save()
    assert is_whole(saved_checkpoints(saved)[0])


def test_without_a_whole_checkpoint_no_run_is_resumed(saved):
    for file in saved.glob("*.data*"):
        cut(file)
    resumed = checkpoints(saved, steps=5)
    with pytest.raises(UserError, match=r"No checkpoint in .* is whole, so the run cannot be resumed: .*`overwrite`"):
        resumed.restore()
    assert resumed.step == 5


def test_without_any_checkpoint_the_run_begins(tmp_path):
    (tmp_path / "ckpt-1.data-00000-of-00001").write_bytes(b"of a save that was killed")
    resumed = checkpoints(tmp_path)
    before = [variable.numpy() for variable in resumed.manager.checkpoint.model.variables]
    assert resumed.restore() and resumed.step == 0
    for one, other in zip(before, resumed.manager.checkpoint.model.variables, strict=True):
        np.testing.assert_array_equal(one, other)
