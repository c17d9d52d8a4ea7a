"""The end of training by the validation loss, in runs that are resumed."""

import contextlib
import csv
import io
import shutil

import h5py
import numpy as np
import pytest
import tensorflow as tf

from ugvae_tf.commands.main import call
from ugvae_tf.datasets.image_set import scaled
from ugvae_tf.datasets.loading import load_split
from ugvae_tf.datasets.validation_split import HeldBack
from ugvae_tf.serving.saved_model import read_config
from ugvae_tf.training import early_stopping
from ugvae_tf.training.early_stopping import is_stopped
from ugvae_tf.training.fitting import compiled_model, grouping_of, make_strategy
from ugvae_tf.training.run_folder import RunFolder

EPOCHS = 40
FLAGS = ["--group-size", 75, "--groups-per-step", 2, "--learning-rate", 0.2, "--schedule", "constant"]
FLAGS += ["--hidden-units", 11, "--local-size", 3, "--global-size", 4, "--components", 6, "--early-stopping", 2]


def run(data_dir, output, epochs: int, *flags) -> str:
    """Train, with a learning rate so high that the validation loss soon rises; returns the printed text."""
    arguments = ["--dataset", "tiny", "--data-dir", data_dir, "--output-dir", output, "--epochs", epochs]
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        call("train", list(map(str, [*arguments, *FLAGS, *flags])), "train.py")
    return printed.getvalue()


@pytest.fixture(scope="module")
def undisturbed(tiny_data_dir, tmp_path_factory):
    """The folder of a run that stopped early, and what it printed."""
    output = tmp_path_factory.mktemp("runs")
    printed = run(tiny_data_dir, output, EPOCHS)
    return RunFolder(str(output), "tiny"), printed


def losses_of(folder: RunFolder) -> list[float]:
    with folder.history.path.open() as file:
        return [float(row["val_loss"]) for row in csv.DictReader(file)]


def best_weights(folder: RunFolder) -> dict[str, np.ndarray]:
    """The weights of the best epoch, by their place in the file."""
    found = {}
    with h5py.File(folder.best_weights) as file:
        file.visititems(lambda name, item: found.update({name: item[()]} if isinstance(item, h5py.Dataset) else {}))
    return found


@pytest.mark.slow
def test_training_ends_two_epochs_after_the_best_one(undisturbed):
    folder, printed = undisturbed
    losses = losses_of(folder)
    assert len(losses) == np.argmin(losses) + 3 < EPOCHS
    assert f"Validation images, in nats per image:  loss {min(losses):.2f}" in printed
    config = read_config(folder.path / "1")
    assert (config["training_images"], config["validation_images"], config["held_out_images"]) == (453, 50, 17)


@pytest.mark.slow
def test_the_exported_weights_have_the_best_loss(undisturbed):
    """Not the last ones: loss and codes of the best epoch's weights, computed anew."""
    folder, _ = undisturbed
    config = folder.saved_config()
    with make_strategy().scope():  # the noise of a group is that of its replica
        model = compiled_model(config, (7, 5, 1), 1)
    model.load_weights(folder.best_weights)
    validation = load_split(config.data, "validation", HeldBack.by(config))
    found = model.evaluate(validation.held_out_groups(grouping_of(config)), verbose=0, return_dict=True)["loss"]
    assert found == pytest.approx(min(losses_of(folder)), rel=1e-4)
    group = scaled(validation.images[np.newaxis])
    for name, code in tf.saved_model.load(str(folder.path / "1")).signatures["serving_default"](images=group).items():
        np.testing.assert_allclose(code, model.encoded(group, tf.ones([1, 50]))[name], rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_a_resumed_run_stops_in_the_same_epoch_with_the_same_weights(undisturbed, tiny_data_dir, tmp_path):
    """Resumed after the best epoch, whose loss and weights are those of the interrupted run: killed in its last one."""
    folder, _ = undisturbed
    shutil.copytree(folder.path, tmp_path / "tiny", ignore=shutil.ignore_patterns("1"))
    for file in (tmp_path / "tiny" / "checkpoints").glob(f"ckpt-{len(losses_of(folder))}.*"):
        file.unlink()
    run(tiny_data_dir, tmp_path, EPOCHS, "--resume")
    resumed = RunFolder(str(tmp_path), "tiny")
    assert (resumed.path / "1").exists()
    assert losses_of(resumed) == losses_of(folder)
    found, expected = best_weights(resumed), best_weights(folder)
    assert found.keys() == expected.keys() and len(found) > 20
    for key, value in found.items():
        np.testing.assert_array_equal(value, expected[key], err_msg=key)


@pytest.mark.slow
def test_a_run_that_stopped_early_is_complete(undisturbed, tiny_data_dir):
    folder, _ = undisturbed
    printed = run(tiny_data_dir, folder.path.parent, EPOCHS, "--resume")
    assert "is complete and exported." in printed and folder.versions() == [1]


@pytest.mark.parametrize(
    ("losses", "stopped"), [([], False), ([3, 2, 2.5], False), ([3, 2, 2.5, 2.1], True), ([3, 4, 5], True)]
)
def test_patience_is_counted_from_the_best_epoch(losses, stopped):
    assert is_stopped(losses, 2) == stopped


def test_a_path_with_braces_is_written_as_it_is(tmp_path):
    file = tmp_path / "run{1}" / "best.weights.h5"
    assert early_stopping.best_weights(file, []).filepath.format(epoch=3) == str(file)
