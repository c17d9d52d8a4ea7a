"""Groups by the clusters of an exported model."""

import numpy as np
import pytest
from small_models import IMAGE_SHAPE, small_model

from ugvae_tf.config import Config, to_json
from ugvae_tf.datasets.image_set import ImageSet
from ugvae_tf.datasets.streaming import StreamedSet
from ugvae_tf.errors import UserError
from ugvae_tf.serving import export
from ugvae_tf.training.clusters import clustered
from ugvae_tf.training.fitting import CLUSTER


def images(shape: tuple = IMAGE_SHAPE) -> ImageSet:
    return ImageSet(np.random.default_rng(0).integers(256, size=(23, *shape), dtype=np.uint8), {})


def exported(folder, name: str):
    model = small_model(model=name)
    export.export_version(model, folder / "1", to_json(Config(model=model.config), image_shape=list(IMAGE_SHAPE)))
    return model, str(folder / "1")


def test_the_cluster_of_an_image_is_its_most_probable_component(tmp_path):
    model, folder = exported(tmp_path, "ug-vae")
    found = clustered(images(), folder)
    alone = np.float32(found.images[:, None] / 255)
    probs = model.encoded(alone, np.ones([23, 1], np.float32))["component_probs"].numpy()[:, 0]
    np.testing.assert_array_equal(found.labels[CLUSTER], probs.argmax(axis=1))


def test_a_model_that_cannot_sort_these_images_is_told(tmp_path):
    _, without_mixture = exported(tmp_path / "a", "ml-vae")
    with pytest.raises(UserError, match="has no mixture for `group_by_clusters`"):
        clustered(images(), without_mixture)
    _, other_shape = exported(tmp_path / "b", "gm-vae")
    with pytest.raises(UserError, match=r"The images are \(3, 5, 1\), but .* takes \(7, 5, 2\)"):
        clustered(images((3, 5, 1)), other_shape)
    with pytest.raises(UserError, match="memory_limit"):
        clustered(StreamedSet((), ((3, 3),), (3, 5, 1)), other_shape)
