"""Groups by the clusters of an exported model."""

import numpy as np
import pytest
from conftest import IMAGE_SHAPE, small_model

from ugvae_tf import export
from ugvae_tf.clusters import label_by_model
from ugvae_tf.config import Config, to_json
from ugvae_tf.datasets.kinds import kinds_of
from ugvae_tf.datasets.loading import ImageSet
from ugvae_tf.errors import UserError


def images(shape: tuple = IMAGE_SHAPE) -> ImageSet:
    return ImageSet(np.random.default_rng(0).integers(256, size=(23, *shape), dtype=np.uint8), {})


def exported(folder, name: str):
    model = small_model(model=name)
    export.export(model, folder / "1", to_json(Config(model=model.config), image_shape=list(IMAGE_SHAPE)))
    return model, str(folder / "1")


def test_the_kind_of_an_image_is_its_most_probable_component(tmp_path):
    model, folder = exported(tmp_path, "ug-vae")
    found = images()
    label_by_model(found, folder)
    alone = np.float32(found.images[:, None] / 255)
    probs = model.encode(alone, np.ones([23, 1], np.float32))["component_probs"].numpy()[:, 0]
    np.testing.assert_array_equal(found.labels[folder], probs.argmax(axis=1))
    np.testing.assert_array_equal(
        kinds_of(found, folder)[:, None] == kinds_of(found, folder),
        found.labels[folder][:, None] == found.labels[folder],
    )


def test_a_label_of_that_name_comes_first(tmp_path):
    _, folder = exported(tmp_path, "ug-vae")
    found = images()
    found.labels[folder] = np.arange(23)
    label_by_model(found, folder)
    np.testing.assert_array_equal(found.labels[folder], np.arange(23))


def test_what_is_no_model_is_left_to_the_labels(tmp_path):
    found = images()
    label_by_model(found, str(tmp_path))
    label_by_model(found, "hair_color")
    label_by_model(found, None)
    assert found.labels == {}


def test_a_model_that_cannot_sort_these_images_is_told(tmp_path):
    _, without_mixture = exported(tmp_path / "a", "ml-vae")
    with pytest.raises(UserError, match="has no mixture to --group-by"):
        label_by_model(images(), without_mixture)
    _, other_shape = exported(tmp_path / "b", "gm-vae")
    with pytest.raises(UserError, match=r"The images are \(3, 5, 1\), but .* takes \(7, 5, 2\)"):
        label_by_model(images((3, 5, 1)), other_shape)
