"""The bound of UG-VAE: every term against an independent computation, padding, and numerical safety."""

import numpy as np
import pytest
import tensorflow as tf
from small_models import EXTENDED, SIZES, random_images, small_model
from tensorflow_probability import distributions as tfd

from ugvae_tf.models import MODELS

K = SIZES["components"]
VARIANTS = [
    {},
    {"observation_variance": "learned"},
    {"observation_variance": "network"},
    {"likelihood": "bernoulli"},
    {"expert_variance": "bounded"},
    {"expert_variance": "shared"},
    {"body": "conv"},
    {"body": "gated"},
    {"body": "conv", "normalisation": "group", "observation_variance": "network"},
    {"body": "conv", "normalisation": "batch"},
    *({"model": model} for model in MODELS if model != "ug-vae"),
    EXTENDED,
    {"model": "ml-vae", "global_prior": "learned", "prior_expert": True, "expert_subset": "random"},
    {"model": "gm-vae", "component_posterior": "optimal"},
    {"model": "nested-vae", "prior_units": 13},
    {"model": "nested-vae", "body": "gated"},
]


def ids(variant):
    return "-".join(map(str, variant.values())) or "default"


def ones(images):
    return np.ones(images.shape[:2], np.float32)


def test_the_bound_is_the_monte_carlo_average_of_log_p_minus_log_q():
    """Eq. 10-11 against the definition E_q[log p(X, Z, d, beta) - log q(Z, d, beta | X)], d sampled too."""
    model, images = small_model(), random_images(1, 3)
    draws = 4000
    many = np.repeat(images, draws, axis=0)  # each draw is a group of its own
    q_z, z, q_d, experts = model.posterior(many, ones(many), seed=[0, 1])
    q_beta = model.global_posterior(experts, ones(many))
    d, beta = q_d.sample(seed=[0, 2]), q_beta.sample(seed=[0, 3])
    p_z = model.mixture_prior(beta)
    chosen = tfd.MultivariateNormalDiag(
        tf.gather(p_z.mean(), d, batch_dims=1), tf.gather(p_z.stddev(), d, batch_dims=1)
    )
    p_beta = tfd.MultivariateNormalDiag(tf.zeros_like(beta), tf.ones_like(beta))
    log_p = p_beta.log_prob(beta) + tf.reduce_sum(
        model.decoder(z, beta).log_prob(many) + chosen.log_prob(z) - np.log(K), axis=1
    )
    log_q = q_beta.log_prob(beta) + tf.reduce_sum(q_z.log_prob(z) + q_d.log_prob(d), axis=1)
    definition = (log_p - log_q).numpy()
    bound = model.elbo_terms(many, ones(many), seed=tf.constant([7, 7])).elbo.numpy()
    error = np.hypot(definition.std(), bound.std()) / np.sqrt(draws)
    assert abs(definition.mean() - bound.mean()) < 5 * error
    assert error < 0.2


def test_the_terms_are_those_that_numpy_computes():
    """Without a seed the means stand for samples, and each term can be written down."""
    model, images = small_model(), random_images(2, 5)
    terms = model.elbo_terms(images, ones(images), seed=None)
    q_z, _, q_d, experts = model.posterior(images, ones(images), seed=None)
    q_beta = model.global_posterior(experts, ones(images))
    m, s = q_z.mean().numpy(), q_z.stddev().numpy()
    probs = q_d.probs_parameter().numpy()
    beta_mean, beta_stddev = q_beta.mean().numpy(), q_beta.stddev().numpy()
    p_z = model.mixture_prior(beta_mean)
    pm, ps = p_z.mean().numpy()[:, None], p_z.stddev().numpy()[:, None]
    m, s = m[:, :, None], s[:, :, None]
    kl = (np.log(ps / s) + (s**2 + (m - pm) ** 2) / (2 * ps**2) - 0.5).sum(-1)  # [G, B, K]
    np.testing.assert_allclose(terms.kl_z, (probs * kl).sum(axis=(1, 2)), rtol=1e-4)
    np.testing.assert_allclose(terms.kl_d, (probs * np.log(probs * K)).sum(axis=(1, 2)), rtol=1e-4, atol=1e-5)
    kl_beta = 0.5 * (beta_stddev**2 + beta_mean**2 - 1 - 2 * np.log(beta_stddev)).sum(-1)
    np.testing.assert_allclose(terms.kl_beta, kl_beta, rtol=1e-4)
    mean = model.decode(q_z.mean(), beta_mean)["image_mean"].numpy()
    log_px = (-0.5 * np.log(2 * np.pi * 0.2) - (images - mean) ** 2 / 0.4).sum(axis=(1, 2, 3, 4))
    np.testing.assert_allclose(terms.log_px, log_px, rtol=1e-4)
    np.testing.assert_allclose(terms.elbo, terms.log_px - terms.kl_z - terms.kl_d - terms.kl_beta)


@pytest.mark.slow
@pytest.mark.parametrize("variant", VARIANTS, ids=ids)
def test_a_padded_image_changes_nothing(variant):
    """One padded image holds pixels as images have them, the other NaN."""
    model = small_model(**variant)
    images = random_images(2, 3, image_shape=model.image_shape)
    padding = np.full((2, 2, *model.image_shape), 0.5, np.float32)
    padding[:, 1] = np.nan
    padded = np.concatenate([images, padding], axis=1)
    mask = np.float32([[1, 1, 1, 0, 0]] * 2)

    def terms_gradients_beta(images, mask):
        with tf.GradientTape() as tape:
            terms = model.elbo_terms(images, mask, seed=None)
            total = tf.reduce_sum(model.objective(terms))
        beta = [code for name, code in model.encoded(images, mask).items() if name.startswith("beta")]
        return [*terms, *beta, *tape.gradient(total, model.trainable_variables)]

    alone, with_padding = terms_gradients_beta(images, ones(images)), terms_gradients_beta(padded, mask)
    for expected, actual in zip(alone, with_padding, strict=True):
        np.testing.assert_allclose(actual, expected, rtol=2e-4, atol=2e-4)


def terms_and_gradients(model, images):
    """Of a step of training."""
    with tf.GradientTape() as tape:
        terms = model.elbo_terms(images, ones(images), seed=tf.constant([1, 2]), training=True)
        total = tf.reduce_sum(terms.elbo)
    return terms, tape.gradient(total, model.trainable_variables)


@pytest.mark.parametrize("variant", VARIANTS, ids=ids)
def test_no_image_in_the_unit_interval_gives_nan(variant):
    """A black and a white group in one step; where the images of a step share statistics, each alone too."""
    model = small_model(**variant)
    plain = np.ones((2, 3, *model.image_shape), np.float32) * np.float32([0, 1])[:, None, None, None, None]
    steps = [plain, plain[:1], plain[1:]] if variant.get("normalisation") == "batch" else [plain]
    for images in steps:
        terms, gradients = terms_and_gradients(model, images)
        assert all(np.all(np.isfinite(tensor)) for tensor in [*terms, *gradients])


@pytest.mark.parametrize("variant", VARIANTS, ids=ids)
def test_every_weight_learns(variant):
    model = small_model(**variant)
    terms, gradients = terms_and_gradients(model, random_images(2, 3, image_shape=model.image_shape))
    assert np.all(np.isfinite(terms))
    for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
        assert np.all(np.isfinite(gradient)) and np.abs(gradient).max() > 0, variable.path


@pytest.mark.parametrize("name", MODELS)
def test_the_groups_of_a_step_do_not_know_each_other(name):
    model, images = small_model(model=name), random_images(2, 5)
    together = model.elbo_terms(images, ones(images), seed=None)
    for g in range(2):
        alone = model.elbo_terms(images[g : g + 1], ones(images)[g : g + 1], seed=None)
        for both, one in zip(together, alone, strict=True):
            np.testing.assert_allclose(both[g], one[0], rtol=1e-4)


@pytest.mark.parametrize("name", ["ug-vae", "ml-vae"])
def test_the_order_of_the_images_leaves_q_beta_and_the_bound_alone(name):
    model, images = small_model(model=name), random_images(1, 5)
    shuffled = images[:, [3, 0, 4, 2, 1]]
    first, second = (model.encoded(group, ones(group)) for group in (images, shuffled))
    np.testing.assert_allclose(first["beta_mean"], second["beta_mean"], rtol=1e-4, atol=1e-6)
    first, second = (model.elbo_terms(group, ones(group), seed=None).elbo for group in (images, shuffled))
    np.testing.assert_allclose(first, second, rtol=1e-5)


def test_kl_weight_weighs_the_kl_terms_and_nothing_else():
    model, images = small_model(model="beta-vae", kl_weight=3.0), random_images(2, 3)
    terms = model.elbo_terms(images, ones(images), seed=None)
    expected = terms.log_px - 3 * (terms.kl_z + terms.kl_d + terms.kl_beta)
    np.testing.assert_allclose(model.objective(terms), expected, rtol=1e-6)


def test_the_same_seed_gives_the_same_sample_and_another_seed_another():
    model, images = small_model(), random_images(1, 3)
    elbo = [float(model.elbo_terms(images, ones(images), tf.constant(s)).elbo[0]) for s in ([1, 2], [1, 2], [1, 3])]
    assert elbo[0] == elbo[1] != elbo[2]
