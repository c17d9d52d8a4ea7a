"""The start of the components of a GM-VAE at a mixture of the codes of a plain VAE."""

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from small_models import SIZES, random_images, small_config, small_model

from ugvae_tf.commands.train import parse_training
from ugvae_tf.config import Config, DataConfig, ModelConfig, TrainingConfig
from ugvae_tf.config.validation import validate
from ugvae_tf.datasets.image_set import ImageSet
from ugvae_tf.errors import UserError
from ugvae_tf.evaluation import code_mixture as module
from ugvae_tf.evaluation.clustering import matched_accuracy
from ugvae_tf.evaluation.code_mixture import code_mixture
from ugvae_tf.training import component_start, fitting
from ugvae_tf.training.checkpoints import Checkpoints
from ugvae_tf.training.component_start import ComponentStart, fit_to_shares, start_components

START = TrainingConfig(component_start="mixture", pre_training=1)


def three_clusters(images: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Codes [3 * images, 2] of three elongated Gaussians, and their cluster."""
    random, along = np.random.default_rng(0), np.array([[1.5, 1.5], [0.2, -0.2]])
    centres = np.repeat([[0, 0], [3, -3], [-3, 3]], images, axis=0)
    return centres + random.normal(size=[3 * images, 2]) @ along, np.repeat(range(3), images)


def gm_vae(**changes):
    return small_model(model="gm-vae", global_size=0, component_posterior="optimal", **changes)


@pytest.mark.parametrize("neighbours", [False, True])
def test_the_mixture_has_the_moments_of_clusters_that_are_apart(neighbours):
    codes, clusters = three_clusters()
    stddev = np.full(codes.shape, 0.3)
    found = code_mixture(codes, stddev, components=3, seed=1, neighbours=neighbours)
    order = np.argsort(found.mean[:, 0])
    expected = [codes[clusters == number] for number in (2, 0, 1)]
    np.testing.assert_allclose(found.mean[order], [each.mean(axis=0) for each in expected], atol=0.05)
    variances = [each.var(axis=0) + 0.3**2 for each in expected]  # of the means, and of q(z)
    np.testing.assert_allclose(found.variance[order], variances, rtol=0.1)


def test_images_that_the_mixture_was_not_fitted_to_have_shares_too(monkeypatch):
    """The same components as of the chosen codes alone, and for every code the cluster that it was drawn from."""
    codes, clusters = three_clusters()
    stddev = np.full(codes.shape, 0.3)
    chosen = np.sort(np.random.default_rng(1).permutation(len(codes))[:67])
    alone = code_mixture(codes[chosen], stddev[chosen], components=3, seed=1)
    monkeypatch.setattr(module, "MOST_CODES", 67)
    found = code_mixture(codes, stddev, components=3, seed=1)
    np.testing.assert_allclose(np.sort(found.mean, axis=0), np.sort(alone.mean, axis=0), atol=1e-6)
    assert found.shares.shape == (120, 3) and matched_accuracy(clusters, found.shares.argmax(axis=1)) > 0.99


def test_codes_are_made_in_parts_of_any_size(monkeypatch):
    monkeypatch.setattr(component_start, "SHARE_STEPS", 0)
    found, images = [], random_images(1, 60)[0]
    for part in (7, 60):
        monkeypatch.setattr(component_start, "CODED", part)
        model = gm_vae()
        start_components(model, images, START)
        found.append(np.stack([model.component_mean, model.raw_log_variance]))
    np.testing.assert_allclose(*found, rtol=1e-4, atol=1e-5)


def test_the_components_are_those_of_the_mixture_exactly(monkeypatch):
    """An independent computation: the densities of p(z | d) and of the mixture at any z."""
    monkeypatch.setattr(component_start, "SHARE_STEPS", 0)
    model, images = gm_vae(), random_images(1, 60)[0]
    start_components(model, images, START)
    codes = model.encode(images)
    mixture = code_mixture(codes.z_mean[0].astype(float), codes.z_stddev[0].astype(float), SIZES["components"], 0)
    limited = np.clip(mixture.variance, np.exp(-0.98), np.exp(0.98))
    z = np.random.default_rng(2).normal(size=[7, 1, SIZES["local_size"]])
    terms = (z - mixture.mean) ** 2 / limited + np.log(2 * np.pi * limited)
    found = model.local_prior(None).log_prob(tf.constant(z, tf.float32))
    np.testing.assert_allclose(found, -0.5 * terms.sum(axis=-1), rtol=1e-4)


@pytest.mark.slow
def test_training_with_fixed_shares_moves_q_d_towards_them():
    model, images = gm_vae(components=2), np.uint8(255 * random_images(1, 40)[0])
    model.set_components(np.array([[-1.0] * 3, [1.0] * 3]), np.ones([2, 3]))
    shares = np.eye(2)[np.arange(40) % 2]
    images[1::2] //= 4  # dark images belong to the second component
    before = (model.encode(images).component_probs[0] * shares).sum(axis=1).mean()
    fit_to_shares(model, images, shares, steps=300)
    after = (model.encode(images).component_probs[0] * shares).sum(axis=1).mean()
    assert before < 0.6 and after > 0.8


def test_variances_within_the_limits_are_kept():
    model, random = gm_vae(), np.random.default_rng(3)
    shape = SIZES["components"], SIZES["local_size"]
    mean, variance = random.normal(size=shape), random.uniform(0.4, 2.6, size=shape)
    model.set_components(mean, variance)
    prior = model.prior(None, 1)
    np.testing.assert_allclose(prior["z_mean"][0], mean, rtol=1e-5)
    np.testing.assert_allclose(prior["z_stddev"][0] ** 2, variance, rtol=1e-4)


@pytest.mark.parametrize(
    ("model", "training", "message"),
    [
        ({"model": "ug-vae"}, {"component_start": "mixture", "pre_training": 1}, "gm-vae"),
        ({"model": "gm-vae"}, {"component_start": "mixture", "pre_training": 1}, "component_posterior=optimal"),
        ({"model": "gm-vae"}, {"pre_training": 1}, "component_start"),
        ({"model": "gm-vae", "component_posterior": "optimal"}, {"component_start": "neighbours"}, "at least 1"),
        (
            {"model": "gm-vae", "component_posterior": "optimal"},
            {"component_start": "neighbours", "pre_training": 3, "epochs": 3},
            "not below `epochs`",
        ),
    ],
)
def test_a_start_that_is_impossible_is_one_sentence(model, training, message):
    sizes = {} if model["model"] == "ug-vae" else {"global_size": 0}
    with pytest.raises(UserError, match=message):
        validate(Config(model=small_config(**model, **sizes), training=TrainingConfig(**training)))


TRAIN = ImageSet(np.random.default_rng(0).integers(256, size=(42, 5, 3, 1), dtype=np.uint8), {})
STEPS = 7  # an epoch


def run_settings() -> Config:
    """Four epochs, the first two before the start."""
    sizes = {**SIZES, "global_size": 0, "components": 3}
    model = ModelConfig(model="gm-vae", component_posterior="optimal", **sizes)
    training = replace(START, pre_training=2, epochs=4, groups_per_step=2, schedule="cosine")
    return Config(data=DataConfig(group_size=3), model=model, training=training)


def compiled():
    return fitting.compiled_model(run_settings(), (5, 3, 1), STEPS)


def trained(model, first_step: int = 0, *callbacks):
    start = ComponentStart(run_settings().training, STEPS, TRAIN)
    fitting.fit(model, run_settings(), TRAIN, TRAIN, first_step, [start, *callbacks])
    return model


class Stop(keras.callbacks.Callback):
    """The end of training after a step."""

    def __init__(self, step: int) -> None:
        super().__init__()
        self.step = step

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        if int(self.model.optimizer.iterations) == self.step:
            raise KeyboardInterrupt


@pytest.mark.slow
def test_a_run_that_is_stopped_before_or_after_the_start_has_the_weights_of_the_undisturbed_one(tmp_path, monkeypatch):
    monkeypatch.setattr(component_start, "SHARE_STEPS", 5)
    whole = trained(compiled())
    for stop in (2 * STEPS, 2 * STEPS + 3):
        stopped = compiled()
        stopped.steps_per_execution = 1
        with pytest.raises(KeyboardInterrupt):
            trained(stopped, 0, Stop(stop))
        Checkpoints(tmp_path / str(stop), stopped).save()
        resumed = compiled()
        checkpoints = Checkpoints(tmp_path / str(stop), resumed)
        checkpoints.restore()
        trained(resumed, checkpoints.step)
        for one, other in zip(resumed.variables, whole.variables, strict=True):
            np.testing.assert_array_equal(one, other, err_msg=one.path)


@pytest.mark.slow
def test_the_components_are_equal_until_they_start():
    model = compiled()
    with pytest.raises(KeyboardInterrupt):
        trained(model, 0, Stop(2 * STEPS))
    probs = model.encode(TRAIN.images).component_probs
    np.testing.assert_allclose(probs, 1 / 3, atol=1e-6)
    mean = model.component_mean.numpy()[0]
    np.testing.assert_allclose(mean, np.broadcast_to(mean[0], mean.shape), atol=1e-6)  # the last step may differ
    assert np.abs(mean).max() > 0  # the prior is learned


def test_a_preset_for_another_model_than_ug_vae_needs_no_model_flag():
    config = parse_training(["--preset", "mnist-clusters", "--name", "clusters", "--epochs", "12"]).config
    assert (config.model.model, config.model.components, config.training.component_start) == (
        "gm-vae",
        10,
        "neighbours",
    )
    other = parse_training(["--preset", "mnist-binarised-iwae", "--name", "iwae"]).config
    assert other.model.model == "vae"
