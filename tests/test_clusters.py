"""Groups by the clusters of an exported model."""

import numpy as np
import pytest
from small_models import IMAGE_SHAPE

from ugvae_tf.datasets.image_set import ImageSet
from ugvae_tf.datasets.streaming import StreamedSet
from ugvae_tf.errors import UserError
from ugvae_tf.training.clusters import clustered
from ugvae_tf.training.fitting import CLUSTER


def images(shape: tuple = IMAGE_SHAPE) -> ImageSet:
    return ImageSet(np.random.default_rng(0).integers(256, size=(23, *shape), dtype=np.uint8), {})


@pytest.mark.slow
def test_the_cluster_of_an_image_is_its_most_probable_component(exported):
    model, folder = exported(model="ug-vae")
    found = clustered(images(), str(folder / "1"))
    alone = np.float32(found.images[:, None] / 255)
    probs = model.encoded(alone, np.ones([23, 1], np.float32))["component_probs"].numpy()[:, 0]
    np.testing.assert_array_equal(found.labels[CLUSTER], probs.argmax(axis=1))


@pytest.mark.slow
def test_a_model_that_cannot_sort_these_images_is_told(exported):
    _, without_mixture = exported(model="vae")
    with pytest.raises(UserError, match="has no mixture for `group_by_clusters`"):
        clustered(images(), str(without_mixture / "1"))
    other_shape = str(exported(model="gm-vae")[1] / "1")
    with pytest.raises(UserError, match=r"The images are \(3, 5, 1\), but .* takes \(7, 5, 2\)"):
        clustered(images((3, 5, 1)), other_shape)
    with pytest.raises(UserError, match="memory_limit"):
        clustered(StreamedSet((), ((3, 3),), (3, 5, 1)), other_shape)
