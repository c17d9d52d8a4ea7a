"""The row of an epoch that was stopped is that of an undisturbed one."""

import keras
import numpy as np
import pytest
from small_models import new_model, random_images

from ugvae_tf.training.epoch_sums import EpochSums

IMAGES = random_images(5, 3)


def model():
    made = new_model()
    made.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    return made


@pytest.mark.slow
@pytest.mark.parametrize(("step", "counted"), [(2, True), (3, False)], ids=["of the checkpoint", "of another step"])
def test_the_first_epoch_adds_to_the_saved_sums_of_its_checkpoint_only(tmp_path, step, counted):
    whole = model().fit(IMAGES, verbose=0, batch_size=1, shuffle=False)
    stopped = model()
    stopped.fit(IMAGES[:2], verbose=0, batch_size=1, shuffle=False)
    EpochSums(tmp_path / "new" / "epoch.json", stopped).save(2, write=False)
    assert not (tmp_path / "new").exists()
    EpochSums(tmp_path / "new" / "epoch.json", stopped).save(2, write=True)
    resumed = model()
    sums = EpochSums(tmp_path / "new" / "epoch.json", resumed)
    sums.restore(step)
    resumed.optimizer.iterations.assign(2)
    rest = resumed.fit(IMAGES[2:], verbose=0, batch_size=1, shuffle=False, epochs=2, callbacks=[sums])
    first, second = rest.history["loss"]
    assert (first == whole.history["loss"][0]) == counted
    assert second != first and np.isfinite(second)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"step": 2}'])
def test_a_file_that_is_damaged_or_missing_has_no_sums(tmp_path, text):
    if text:
        (tmp_path / "epoch.json").write_text(text)
    one = model()
    sums = EpochSums(tmp_path / "epoch.json", one)
    sums.restore(2)
    sums.on_epoch_begin(0)
    assert float(one.metrics[0].count) == 0
