"""The end of training by the validation loss, in runs that are resumed."""

import csv
from dataclasses import replace

import h5py
import numpy as np
import pytest
import tensorflow as tf
from small_models import SIZES

from ugvae_tf.config import Config, DataConfig, ModelConfig, TrainingConfig
from ugvae_tf.datasets.image_set import scaled
from ugvae_tf.datasets.loading import load_split
from ugvae_tf.datasets.validation_split import HeldBack
from ugvae_tf.serving.saved_model import read_config
from ugvae_tf.training.early_stopping import is_stopped
from ugvae_tf.training.fitting import compiled_model, grouping_of, make_strategy
from ugvae_tf.training.request import TrainRequest
from ugvae_tf.training.run import train

EPOCHS = 40
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def request_of(tiny_data_dir):
    """A run in a folder, for some epochs; its learning rate is so high that the loss soon rises."""

    def made(folder, epochs: int, **changes) -> TrainRequest:
        training = TrainingConfig(epochs=epochs, groups_per_step=2, learning_rate=0.2, early_stopping=2)
        config = Config(
            data=DataConfig("tiny", str(tiny_data_dir), group_size=50),
            model=ModelConfig(**SIZES, observation_variance="learned"),
            training=training,
        )
        return TrainRequest(config, "run", str(folder), **changes)

    return made


@pytest.fixture(scope="module")
def undisturbed(request_of, tmp_path_factory):
    """The folder of a run that stopped early, and what it returned."""
    request = request_of(tmp_path_factory.mktemp("runs"), EPOCHS)
    return request.folder, train(request)


def losses_of(folder) -> list[float]:
    with folder.history.open() as file:
        return [float(row["val_loss"]) for row in csv.DictReader(file)]


def best_weights(folder) -> dict[str, np.ndarray]:
    """The weights of the best epoch, by their place in the file."""
    found = {}
    with h5py.File(folder.best_weights) as file:
        file.visititems(lambda name, item: found.update({name: item[:]} if isinstance(item, h5py.Dataset) else {}))
    return found


def test_training_ends_two_epochs_after_the_best_one_and_exports_that(undisturbed):
    folder, trained = undisturbed
    losses = losses_of(folder)
    assert len(losses) == np.argmin(losses) + 3 < EPOCHS
    assert trained.validation["loss"] == min(losses)
    config = read_config(trained.version)
    assert (config["training_images"], config["validation_images"], config["held_out_images"]) == (453, 50, 17)


def test_the_exported_weights_have_the_best_loss(undisturbed):
    """Not the last ones: loss and codes of the best epoch's weights, computed anew."""
    folder, trained = undisturbed
    config = folder.saved_config()
    with make_strategy().scope():  # replicas draw other noise than one alone
        model = compiled_model(config, (7, 5, 1), 1)
    model.load_weights(folder.best_weights)
    validation = load_split(config.data, "validation", HeldBack.by(config))
    found = model.evaluate(validation.held_out_groups(grouping_of(config)), verbose=0, return_dict=True)["loss"]
    assert found == pytest.approx(min(losses_of(folder)), rel=1e-5)
    group = scaled(validation.images[np.newaxis, :50])
    for name, code in tf.saved_model.load(str(trained.version)).signatures["serving_default"](images=group).items():
        np.testing.assert_allclose(code, model.encoded(group, tf.ones([1, 50]))[name], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("before_the_end", [1, 3])
def test_a_resumed_run_stops_in_the_same_epoch_with_the_same_weights(undisturbed, request_of, tmp_path, before_the_end):
    folder, _ = undisturbed
    done = len(losses_of(folder)) - before_the_end
    train(request_of(tmp_path, done))
    resumed = request_of(tmp_path, EPOCHS, resume=True)
    train(resumed)
    assert losses_of(resumed.folder) == losses_of(folder)
    found, expected = best_weights(resumed.folder), best_weights(folder)
    assert found.keys() == expected.keys() and len(found) > 20
    for key, value in found.items():
        np.testing.assert_array_equal(value, expected[key], err_msg=key)


def test_a_run_that_stopped_early_is_complete(undisturbed, request_of):
    folder, trained = undisturbed
    again = train(replace(request_of(folder.path.parent, EPOCHS), resume=True))
    assert not again.is_new and again.version == trained.version and not (folder.path / "2").exists()


@pytest.mark.parametrize(
    ("losses", "stopped"), [([], False), ([3, 2, 2.5], False), ([3, 2, 2.5, 2.1], True), ([3, 4, 5], True)]
)
def test_patience_is_counted_from_the_best_epoch(losses, stopped):
    assert is_stopped(losses, 2) == stopped
