"""The convolutional body: its shapes, what its normalisations tie together, and its saved statistics."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from small_models import (
    CONV_SHAPE,
    ONE_REPLICA,
    SIZES,
    TWO_REPLICAS,
    noiseless,
    random_images,
    small_config,
    small_model,
)

from ugvae_tf.errors import UserError
from ugvae_tf.models import build_model
from ugvae_tf.networks.conv import ConvDecoder, ConvEncoder
from ugvae_tf.networks.normalisation import BatchNormalisation
from ugvae_tf.training.checkpoints import Checkpoints

UNITS = SIZES["hidden_units"]
NORMALISATIONS = ["none", "group", "batch"]


def encoder(normalisation: str) -> ConvEncoder:
    return ConvEncoder(CONV_SHAPE, small_config(body="conv", normalisation=normalisation))


@pytest.mark.slow
@pytest.mark.parametrize("normalisation", NORMALISATIONS)
def test_features_keep_their_shape_inside_a_function_that_knows_neither_groups_nor_their_size(normalisation):
    body = encoder(normalisation)

    @tf.function(input_signature=[tf.TensorSpec([None, None, *CONV_SHAPE])])
    def features(images):
        return body(images, training=True)

    for groups, size in ((2, 3), (1, 5)):
        assert features(random_images(groups, size, image_shape=CONV_SHAPE)).shape == (groups, size, UNITS)


def test_sizes_of_images_of_64_pixels_are_the_official_ones():
    config = small_config(body="conv", hidden_units=256)
    body, mirror = ConvEncoder((64, 64, 3), config), ConvDecoder((64, 64, 3), config)
    body(np.zeros([1, 1, 64, 64, 3], np.float32))
    assert body.count_params() == sum(
        (16 * maps + 1) * out for maps, out in ((3, 32), (32, 32), (32, 64), (64, 64), (64, 256))
    )
    mirror(tf.zeros([1, 1, 3]), tf.zeros([1, 4]))
    first = (3 + 4 + 1) * 256 + (256 + 1) * 16 * 64  # from one pixel to 4x4, a bias for each
    doublings = sum((16 * maps + 1) * out for maps, out in ((64, 64), (64, 32), (32, 32), (32, 3)))
    assert mirror.count_params() == first + doublings


def test_signals_start_at_the_same_size_after_every_doubling():
    body = ConvDecoder((64, 64, 3), small_config(body="conv", hidden_units=256))
    maps, sizes = tf.nn.relu(tf.random.stateless_normal([16, 256], seed=[0, 1])), []
    for layer in body.network.layers:
        maps = layer(maps)
        sizes.append(float(tf.sqrt(tf.reduce_mean(maps**2))))
    assert max(sizes[:-1]) < 1.3 * min(sizes[:-1])  # the last one has no ReLU


@pytest.mark.parametrize(
    ("normalisation", "in_training", "alone"),
    [("none", True, True), ("group", True, True), ("batch", False, True), ("batch", True, False)],
)
def test_an_image_is_alone_unless_batch_statistics_are_taken(normalisation, in_training, alone):
    body, images = encoder(normalisation), random_images(2, 3, image_shape=CONV_SHAPE)
    before = body(images, training=in_training).numpy()
    images[1, 2] = 0
    change = np.abs(body(images, training=in_training) - before).max(axis=2)
    assert change[1, 2] > 1e-4
    change[1, 2] = 0
    assert np.all(change < 1e-6) if alone else np.all(change[0] > 1e-6)


def test_batch_normalisation_takes_the_statistics_of_the_step_and_then_their_average():
    layer, random = BatchNormalisation(), np.random.default_rng(0)
    maps = random.normal(3, [1, 2, 5], size=(4, 2, 6, 3)).astype(np.float32)
    layer.build(maps.shape)
    scale, offset = random.normal(size=(2, 3)).astype(np.float32)
    layer.gamma.assign(scale)
    layer.beta.assign(offset)
    mean, variance = maps.mean(axis=(0, 1, 2)), maps.var(axis=(0, 1, 2))
    expected = scale * (maps - mean) / np.sqrt(variance + 1e-5) + offset
    np.testing.assert_allclose(layer(maps, training=True), expected, atol=1e-5)
    np.testing.assert_allclose(layer.moving_mean, 0.1 * mean, rtol=1e-5)
    np.testing.assert_allclose(layer.moving_variance, 0.9 + 0.1 * variance, rtol=1e-5)
    expected = scale * (maps - 0.1 * mean) / np.sqrt(0.9 + 0.1 * variance + 1e-5) + offset
    np.testing.assert_allclose(layer(maps), expected, atol=1e-5)


def test_a_step_of_training_moves_the_statistics_and_evaluation_does_not():
    model = small_model(body="conv", normalisation="batch")
    model.compile(optimizer="sgd")
    groups = random_images(2, 3, image_shape=model.image_shape), np.ones([2, 3], np.float32)
    statistics = model.non_trainable_variables[:2]
    start = [value.numpy() for value in statistics]
    model.test_step(groups)
    model.encoded(*groups)
    assert all(np.array_equal(before, now) for before, now in zip(start, statistics, strict=True))
    model.train_step(groups)
    assert all(np.abs(before - now).max() > 1e-4 for before, now in zip(start, statistics, strict=True))


@pytest.mark.slow
def test_batch_statistics_are_those_of_all_replicas():
    """A few steps of plain gradient descent: after many, ReLUs that were near zero part the two runs."""
    images, masks = random_images(6, 3, image_shape=CONV_SHAPE), np.ones([6, 3], np.float32)

    def run(strategy):
        with strategy.scope():
            keras.utils.set_random_seed(0)
            model = noiseless(build_model(small_config(body="conv", normalisation="batch"), CONV_SHAPE))
            model.compile(optimizer=keras.optimizers.SGD(0.001), jit_compile=False)
            model.build()
        steps = tf.data.Dataset.from_tensor_slices((images, masks)).batch(2)
        model.fit(steps, verbose=0, shuffle=False)
        return model.variables

    for one, two in zip(run(ONE_REPLICA), run(TWO_REPLICAS), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-5, err_msg=one.path)


@pytest.mark.slow
def test_a_checkpoint_holds_the_statistics(tmp_path):
    def model(seed):
        fresh = small_model(seed, body="conv", normalisation="batch")
        fresh.compile(optimizer="sgd")
        fresh.optimizer.build(fresh.trainable_variables)
        return fresh

    trained, restored = model(seed=0), model(seed=1)
    groups = random_images(2, 3, image_shape=trained.image_shape), np.ones([2, 3], np.float32)
    trained.train_step(groups)
    Checkpoints(tmp_path, trained).save()
    Checkpoints(tmp_path, restored).restore()
    for name, code in trained.encoded(*groups).items():
        np.testing.assert_array_equal(restored.encoded(*groups)[name], code)


@pytest.mark.parametrize(("sides", "advice"), [((28, 28), 32), ((40, 40), 48), ((218, 178), 64)])
def test_sides_that_cannot_be_halved_four_times_are_the_users_error(sides, advice):
    told = f"multiples of 16, not {sides[0]}x{sides[1]}: give `image_size={advice}` or `body=mlp`"
    with pytest.raises(UserError, match=told):
        build_model(small_config(body="conv"), (*sides, 1))
