"""Codes of groups in the projector of TensorBoard."""

import numpy as np
import pytest
import tensorflow as tf
from small_models import COLOUR_SHAPE, small_model

from ugvae_tf.datasets.grouping import Grouping, held_out_members
from ugvae_tf.datasets.image_set import ImageSet
from ugvae_tf.training.projector import points_of, sprite, write_projector

IMAGES = ImageSet(
    np.random.default_rng(0).integers(256, size=(17, *COLOUR_SHAPE), dtype=np.uint8), {"kind": np.arange(17) % 3}
)


@pytest.mark.parametrize(("name", "label"), [("ug-vae", "kind"), ("vae", None)])
def test_the_points_are_the_codes_of_the_groups_with_their_images(name, label):
    model, grouping = small_model(model=name, image_shape=COLOUR_SHAPE), Grouping(5, 2, label=label)
    points = points_of(model, IMAGES, grouping)
    members = held_out_members(17, grouping, None if label is None else IMAGES.labels["kind"])
    for place, group in enumerate(members):
        images = IMAGES.images[group[group >= 0]]
        codes = model.encode(images)
        code = codes.beta_mean[0] if label else codes.z_mean[0].mean(axis=0)
        np.testing.assert_allclose(points.codes[place], code, rtol=1e-4, atol=1e-5)
        assert points.sizes[place] == len(images)
        assert points.names[place] == str(place if label is None else IMAGES.labels["kind"][group[0]])
        np.testing.assert_allclose(points.pictures[place][:6, :6], images[0], atol=1)
        if len(images) > 2:
            np.testing.assert_allclose(points.pictures[place][6:, :6], images[2], atol=1)


def test_large_images_are_thinned_and_the_sprite_is_a_square():
    pictures = np.arange(3 * 2 * 5 * 1, dtype=np.uint8).reshape(3, 2, 5, 1)
    whole = sprite(pictures)
    assert whole.shape == (4, 10, 1)
    np.testing.assert_array_equal(whole[2:, :5], pictures[2])
    np.testing.assert_array_equal(whole[:2, 5:], pictures[1])
    assert not whole[2:, 5:].any()


def test_the_files_name_each_other(tmp_path):
    write_projector(tmp_path, small_model(image_shape=COLOUR_SHAPE), IMAGES, Grouping(5, 2))
    config = (tmp_path / "projector_config.pbtxt").read_text()
    assert config.count("single_image_dim: 12") == 2
    assert all(f'"{path.name}"' in config for path in tmp_path.iterdir() if path.suffix != ".pbtxt")
    assert np.loadtxt(tmp_path / "codes.tsv").shape == (4, 4)
    assert (tmp_path / "groups.tsv").read_text().splitlines()[1] == "0\t5"
    assert tf.io.decode_png((tmp_path / "sprite.png").read_bytes()).shape == (24, 24, 3)
