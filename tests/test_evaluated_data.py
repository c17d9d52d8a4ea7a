"""The images of a task: those of the model's training, with the settings of the request."""

import numpy as np
import pytest
from small_models import new_model

from ugvae_tf.commands.evaluate import parse_evaluation
from ugvae_tf.config import Config, DataConfig, TrainingConfig, to_json
from ugvae_tf.errors import UserError
from ugvae_tf.serving import export
from ugvae_tf.tasks import traversal
from ugvae_tf.tasks.context import Context
from ugvae_tf.tasks.request import EvaluationRequest

SHAPE = (7, 5, 1)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A model of 20 images in a file, of which a third of the 18 training images were held back."""
    folder = tmp_path_factory.mktemp("trained")
    np.savez(folder / "seen.npz", image=np.zeros([20, *SHAPE], np.uint8))
    np.savez(folder / "other.npz", image=np.zeros([30, *SHAPE], np.uint8))
    data = DataConfig("npz", str(folder / "seen.npz"), group_size=2)
    model = new_model(image_shape=SHAPE)
    config = Config(data=data, model=model.config, training=TrainingConfig(validation_share=1 / 3))
    (folder / "mine").mkdir()
    export.export_version(model, folder / "mine" / "1", to_json(config, image_shape=SHAPE))
    return folder


@pytest.mark.parametrize(
    ("data_dir", "count"), [(None, 12), ("seen.npz", 12), ("../{name}/seen.npz", 12), ("other.npz", 27)]
)
def test_images_were_held_back_from_the_training_data_only(trained, data_dir, count):
    given = data_dir and str(trained / data_dir.format(name=trained.name))
    context = Context(EvaluationRequest("reconstruction", str(trained / "mine"), data_dir=given))
    assert len(context.train) == count


def test_colour_images_are_grey_for_a_model_of_grey_images(trained):
    colours = np.random.default_rng(0).integers(256, size=(30, 7, 5, 3), dtype=np.uint8)
    np.savez(trained / "colour.npz", image=colours)
    request = EvaluationRequest("reconstruction", str(trained / "mine"), data_dir=str(trained / "colour.npz"))
    context = Context(request)
    found = np.concatenate([context.train.images, context.held_out.images])
    luma = np.rint(colours @ [0.299, 0.587, 0.114])  # ITU-R BT.601
    assert found.shape == (30, *SHAPE)
    np.testing.assert_allclose(np.sort(found.reshape(30, -1), axis=0), np.sort(luma.reshape(30, -1), axis=0), atol=1)


def test_a_traversal_needs_a_component_with_two_images(trained, tmp_path):
    np.savez(tmp_path / "few.npz", image=np.zeros([10, *SHAPE], np.uint8))
    few = {"data_dir": str(tmp_path / "few.npz"), "group_size": "1"}
    with pytest.raises(UserError, match="No component has 2 of the 1 held-out images"):
        traversal.report(Context(EvaluationRequest("traversal", str(trained / "mine"), **few)))


def test_every_setting_that_a_message_about_the_images_names_is_a_flag(trained):
    flags = ["--image-size", "5", "--corrupt", "skip", "--memory-limit", "0.5"]
    request = parse_evaluation(["--task", "reconstruction", "--saved-model", str(trained / "mine"), *flags])
    data = Context(request).data
    assert (data.image_size, data.corrupt, data.memory_limit) == (5, "skip", 0.5)
    assert data.group_size == 2 and data.dataset == "npz"


@pytest.mark.parametrize("flags", [["--image-size", "0"], ["--memory-limit", "-1"], ["--memory-limit", "nan"]])
def test_impossible_settings_of_images_are_told(flags):
    with pytest.raises(UserError, match=f"`{flags[0][2:].replace('-', '_')}` must be a number above 0"):
        parse_evaluation(["--task", "reconstruction", *flags])
