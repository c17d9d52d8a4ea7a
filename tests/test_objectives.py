"""The objectives of training: the importance-weighted bound, and the warm-up of the KL terms."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from scipy.special import logsumexp
from scipy.stats import norm
from small_models import random_images, small_config, small_model

from ugvae_tf.config import Config, DataConfig, TrainingConfig
from ugvae_tf.config.validation import validate
from ugvae_tf.errors import UserError
from ugvae_tf.models import MODELS
from ugvae_tf.models.importance import importance_bound
from ugvae_tf.models.terms import ElboTerms, Objective
from ugvae_tf.training.fitting import compiled_model

DROPOUT = Objective(pixel_dropout=0.5)
GM = {"model": "gm-vae", "component_posterior": "optimal"}


def ones(images):
    return np.ones(images.shape[:2], np.float32)


def bound(model, images, samples, seed=(1, 2), **settings):
    found, terms = importance_bound(model, images, ones(images), tf.constant(seed), samples, **settings)
    return found.numpy(), terms


def log_evidence(model, images):
    """log p(x) of every image [G, B] of a model with one dimension of z, by quadrature."""
    z = np.linspace(-9, 9, 4001)
    prior = model.prior(None, tf.constant(1))
    mean, stddev = prior["z_mean"][0, :, 0].numpy(), prior["z_stddev"][0, :, 0].numpy()  # [K]
    log_pz = logsumexp(norm.logpdf(z[:, None], mean, stddev), axis=1) - np.log(len(mean))
    p_x = model.decoder(tf.constant(z[:, None, None], tf.float32))  # a group of one image for each z
    log_px = np.stack(
        [p_x.log_prob(image[None, None]).numpy()[:, 0] for image in images.reshape(-1, *images.shape[2:])]
    )
    return (logsumexp(log_px + log_pz, axis=1) + np.log(z[1] - z[0])).reshape(images.shape[:2])


@pytest.mark.parametrize("settings", [{"model": "vae"}, GM])
def test_with_many_samples_the_bound_is_the_evidence(settings):
    model, images = small_model(**settings, local_size=1), random_images(2, 3)
    exact = log_evidence(model, images).sum(axis=1)
    found, _ = bound(model, images, 5000)
    np.testing.assert_allclose(found, exact, atol=0.05)


@pytest.mark.parametrize("settings", [{"model": "vae"}, GM])
def test_the_bound_rises_with_the_samples_from_the_elbo(settings):
    model, images = small_model(**settings), np.repeat(random_images(1, 5), 60, axis=0)  # each draw a group of its own
    means = [bound(model, images, samples)[0].mean() for samples in (1, 5, 50)]
    assert means[0] < means[1] < means[2]
    elbo = model.elbo_terms(images, ones(images), tf.constant([7, 8])).elbo.numpy().mean()
    assert elbo <= means[0] + 0.5  # d summed out exactly: one sample is at least the ELBO, up to noise


def test_the_terms_add_up_to_the_bound_of_one_sample():
    model, images = small_model(**GM), random_images(2, 3)
    found, terms = bound(model, images, 1)
    np.testing.assert_allclose(found, terms.elbo, rtol=1e-5)
    half, _ = bound(model, images, 1, kl_weight=0.5)
    np.testing.assert_allclose(half, terms.log_px - 0.5 * terms.kl_z, rtol=1e-5)


def test_padding_has_no_part_in_the_bound():
    model, images = small_model(model="vae", local_size=1), random_images(2, 3)
    padded = np.concatenate([images, np.full_like(images, np.nan)], axis=1)
    mask = np.concatenate([ones(images), 0 * ones(images)], axis=1)
    found, _ = importance_bound(model, padded, mask, tf.constant([1, 2]), 4000)
    np.testing.assert_allclose(found, log_evidence(model, images).sum(axis=1), atol=0.05)


@pytest.mark.parametrize("settings", [{"model": "vae"}, GM])
def test_many_gradients_of_samples_drawn_by_weight_have_the_mean_of_the_whole_gradient(settings):
    model, images = small_model(**settings, local_size=1), random_images(2, 3)
    arguments = {"seed": tf.constant([1, 2]), "samples": 5, "kl_weight": 0.7, "training": True}
    found = []
    for drawn in (None, 20_000):
        with tf.GradientTape() as tape:
            value, _ = importance_bound(model, images, ones(images), **arguments, gradient_samples=drawn)
            total = tf.reduce_sum(value)
        gradients = tape.gradient(total, model.trainable_variables)
        found.append((value, np.concatenate([np.ravel(each) for each in gradients])))
    (value, whole), (same, mean) = found
    np.testing.assert_allclose(same, value, rtol=1e-5)
    assert np.abs(mean - whole).max() < 0.03 * np.abs(whole).max()


def test_a_gradient_of_as_many_samples_is_the_whole_gradient():
    model, images = small_model(model="vae"), random_images(2, 3)
    found = []
    for of_gradient in (None, 5):
        with tf.GradientTape() as tape:
            value, _ = importance_bound(
                model, images, ones(images), tf.constant([1, 2]), 5, training=True, gradient_samples=of_gradient
            )
        found.append(tape.gradient(value, model.trainable_variables))
    for whole, same in zip(*found, strict=True):
        np.testing.assert_array_equal(same, whole)


@pytest.mark.slow
def test_the_gradient_of_one_sample_trains():
    model, images = small_model(model="vae"), random_images(4, 3)
    model.training_objective = Objective(importance_samples=7, gradient_samples=1)
    model.compile("adam")
    before = model.evaluate(images, verbose=0, return_dict=True)["loss"]
    model.fit(images, epochs=30, verbose=0)
    assert model.evaluate(images, verbose=0, return_dict=True)["loss"] < before - 0.05


@pytest.mark.parametrize("channels", [1, 3])
def test_pixel_dropout_sets_a_share_of_the_pixels_to_zero_and_keeps_their_mean(channels):
    images, objective = np.ones((3, 5, 28, 28, channels), np.float32), Objective(pixel_dropout=0.25)
    dropped = objective.encoder_input(images, tf.constant([1, 2])).numpy()
    np.testing.assert_allclose(np.unique(dropped), [0, 4 / 3], rtol=1e-6)
    np.testing.assert_array_equal(dropped, np.broadcast_to(dropped[..., :1], dropped.shape))  # whole pixels
    pixels = dropped.size / channels
    assert (dropped == 0).mean() == pytest.approx(0.25, abs=5 * np.sqrt(0.25 * 0.75 / pixels))
    np.testing.assert_array_equal(dropped, objective.encoder_input(images, tf.constant([1, 2])))
    assert np.any(dropped != objective.encoder_input(images, tf.constant([1, 3])))
    assert np.any(dropped[0] != dropped[1])
    np.testing.assert_array_equal(Objective().encoder_input(images, tf.constant([1, 2])), images)


@pytest.mark.parametrize("name", MODELS)
def test_with_pixel_dropout_q_is_that_of_other_images_and_the_likelihood_that_of_the_images(name):
    model, images, seed = small_model(model=name), random_images(2, 3), tf.constant([1, 2])
    whole = model.elbo_terms(images, ones(images), seed, training=True)
    of_z, of_beta = tf.unstack(tfp.random.split_seed(seed, 2))
    dropped = DROPOUT.encoder_input(images, of_z)
    of_dropped = model.elbo_terms(dropped, ones(images), seed, training=True)
    _, z, _, experts = model.posterior(dropped, ones(images), of_z, training=True)
    decodes = model.config.decodes_beta
    beta = model.global_posterior(experts, ones(images)).sample(seed=of_beta) if decodes else None
    log_px = model.log_px(images, ones(images), z, beta)
    model.training_objective = DROPOUT
    found = model.elbo_terms(images, ones(images), seed, training=True)
    np.testing.assert_allclose(found.log_px, log_px, rtol=1e-5)
    for term in ("kl_z", "kl_d", "kl_beta"):
        np.testing.assert_allclose(getattr(found, term), getattr(of_dropped, term), rtol=1e-5, atol=1e-6)
    assert np.all(np.abs(found.kl_z - whole.kl_z) > 1e-4)


@pytest.mark.parametrize("drawn", [None, 2])
def test_with_pixel_dropout_the_importance_bound_has_q_of_other_images_and_the_likelihood_of_the_images(drawn):
    model, images, seed = small_model(model="vae"), random_images(2, 3), tf.constant([1, 2])
    q_z = model.posterior(DROPOUT.encoder_input(images, seed), ones(images), None).q_z
    z = q_z.sample(5, seed=seed)
    log_px = [model.decoder(one, None).log_prob(images) for one in z]
    log_weights = log_px + norm.logpdf(z).sum(axis=-1) - q_z.log_prob(z)
    expected = (logsumexp(log_weights, axis=0) - np.log(5)).sum(axis=-1)
    without, _ = bound(model, images, 5, training=True)
    model.training_objective = DROPOUT
    found, _ = bound(model, images, 5, training=True, gradient_samples=drawn)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert np.all(np.abs(found - without) > 1e-3)
    np.testing.assert_array_equal(bound(model, images, 5)[0], without)  # validation


@pytest.mark.parametrize("settings", [{"model": "vae"}, GM])
def test_with_pixel_dropout_the_bound_is_still_one_of_the_whole_image(settings):
    model, images = small_model(**settings, local_size=1), random_images(2, 3)
    model.training_objective = Objective(pixel_dropout=0.1)
    found, _ = bound(model, images, 5000, training=True)
    np.testing.assert_allclose(found, log_evidence(model, images).sum(axis=1), atol=0.05)


def test_padding_has_no_part_in_pixel_dropout():
    model, images, seed = small_model(), random_images(2, 3), tf.constant([1, 2])
    model.training_objective = DROPOUT
    padded = np.concatenate([images, np.full_like(images, np.nan)], axis=1)
    mask = np.concatenate([ones(images), 0 * ones(images)], axis=1)
    zeros = np.concatenate([images, np.zeros_like(images)], axis=1)
    found, expected = (model.elbo_terms(each, mask, seed, training=True) for each in (padded, zeros))
    assert np.all(np.isfinite(found))
    np.testing.assert_array_equal(found, expected)


def test_validation_and_codes_have_no_pixel_dropout():
    model, images = small_model(), random_images(1, 3)
    model.compile()
    codes = model.encode(images)
    terms = model.elbo_terms(images, ones(images), model.sampling_seed(tf.constant(0.0)))
    model.training_objective = DROPOUT
    found = model.evaluate(images, verbose=0, return_dict=True)["loss"]
    assert found == pytest.approx(-float(terms.elbo[0]) / 3, rel=1e-5)
    np.testing.assert_array_equal(model.encode(images).beta_mean, codes.beta_mean)


def test_a_training_has_the_objective_of_its_settings():
    training = TrainingConfig(
        objective="iwae", importance_samples=5, gradient_samples=2, warm_up=3, pixel_dropout=0.25, epochs=4
    )
    model = compiled_model(Config(model=small_config(model="vae"), training=training), (28, 28, 1), 7)
    assert model.training_objective == Objective(5, 2, 21, 0.25)


def test_the_kl_weight_rises_linearly_in_the_warm_up_and_stays():
    warmth = [float(Objective(warm_up_steps=4).warmth(tf.constant(step))) for step in range(6)]
    assert warmth == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]
    assert Objective().warmth(tf.constant(0)) == 1


def test_a_warm_up_weighs_the_kl_terms_of_training_but_not_of_validation():
    model = small_model(seed=1)
    terms = ElboTerms(*(tf.constant([value]) for value in (-7.0, 1.0, 2.0, 3.0)))
    assert float(model.objective(terms, 0.5)[0]) == -10
    assert float(model.objective(terms)[0]) == -13
    images = random_images(1, 3)
    model.training_objective = Objective(warm_up_steps=100)
    model.compile()
    validation = model.evaluate(images, verbose=0, return_dict=True)
    parts = validation["log_px"] - validation["kl_z"] - validation["kl_d"] - validation["kl_beta"]
    assert validation["loss"] == pytest.approx(-parts, rel=1e-5)


@pytest.mark.slow
def test_a_step_of_training_has_the_weight_of_its_place_in_the_warm_up():
    model = small_model(seed=2)
    model.training_objective = Objective(warm_up_steps=100)
    model.compile("sgd")
    found = {name: values[0] for name, values in model.fit(random_images(1, 3), verbose=0).history.items()}
    kl = found["kl_z"] + found["kl_d"] + found["kl_beta"]
    assert found["loss"] == pytest.approx(0.01 * kl - found["log_px"], rel=1e-5) and kl > 0.01


@pytest.mark.slow
def test_the_objective_of_several_samples_is_that_of_training_and_validation():
    model, images = small_model(model="vae"), random_images(1, 3)
    model.training_objective = Objective(importance_samples=5)
    model.compile("sgd")
    exact, _ = importance_bound(model, images, ones(images), model.sampling_seed(tf.constant(0.0)), 5)
    assert model.evaluate(images, verbose=0, return_dict=True)["loss"] == pytest.approx(-float(exact[0]) / 3, rel=1e-5)
    trained = model.fit(images, verbose=0).history  # the same random state at step 0
    assert trained["loss"][0] == pytest.approx(-float(exact[0]) / 3, rel=1e-5)


@pytest.mark.parametrize(
    ("model", "training", "message"),
    [
        ({}, {"objective": "iwae"}, "for vae and gm-vae"),
        ({"model": "gm-vae"}, {"objective": "iwae"}, "component_posterior=optimal"),
        ({"model": "vae"}, {"importance_samples": 5}, "objective=iwae"),
        ({"model": "vae"}, {"objective": "iwae", "importance_samples": 0}, "at least 1"),
        ({"model": "vae"}, {"gradient_samples": 5}, "objective=iwae"),
        ({"model": "vae"}, {"objective": "iwae", "importance_samples": 5, "gradient_samples": 0}, "at least 1"),
        ({"model": "vae"}, {"objective": "iwae", "importance_samples": 5, "gradient_samples": 6}, "at most"),
        ({"model": "vae"}, {"warm_up": -1}, "at least 0"),
        ({}, {"pixel_dropout": 1.0}, "less than 1"),
        ({}, {"pixel_dropout": -0.1}, "at least 0"),
        ({"model": "nested-vae"}, {"warm_up": 1}, "nested-vae"),
        ({"body": "gated", "decoder_beta": "film"}, {}, "decoder_beta=film"),
        ({"body": "gated", "normalisation": "group"}, {}, "body=conv"),
    ],
)
def test_what_a_model_cannot_be_trained_with_is_one_sentence(model, training, message):
    with pytest.raises(UserError, match=message):
        validate(Config(data=DataConfig(), model=small_config(**model), training=TrainingConfig(**training)))
