"""What the model may have beyond the paper: the bound by its definition, and the law of each extension."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from scipy.special import logsumexp, xlogy
from small_models import EXTENDED, moved, random_images, small_config, small_model
from tensorflow_probability import distributions as tfd

from ugvae_tf import gaussian
from ugvae_tf.layers.priors import PACE
from ugvae_tf.models.variational import optimal_components, random_subset
from ugvae_tf.networks.mlp import JointDense

VARIANTS = {
    "learned p(beta)": {"global_prior": "learned"},
    "p(beta) as an expert": {"global_prior": "learned", "prior_expert": True},
    "p(d | beta)": {"component_prior": "beta"},
    "optimal q(d)": {"component_posterior": "optimal"},
    "subsets": {"expert_subset": "random"},
    "all": EXTENDED,
}


def ones(images):
    return np.ones(images.shape[:2], np.float32)


@pytest.mark.parametrize("name", VARIANTS)
def test_the_bound_is_the_monte_carlo_average_of_log_p_minus_log_q(name):
    """Eq. 10-11 with p(beta), p(d | beta) and q as they are, against E_q[log p(X, Z, d, beta) - log q], all sampled."""
    model, images = moved(small_model(**VARIANTS[name]), scale=0.1), random_images(1, 3)
    draws = 6000
    many = np.repeat(images, draws, axis=0)  # each draw is a group of its own
    q_z, z, q_d, experts = model.posterior(many, ones(many), seed=[0, 1])
    subset = model.config.expert_subset == "random"
    q_beta = model.global_posterior(experts, random_subset(ones(many), [5, 5]) if subset else ones(many))
    beta = q_beta.sample(seed=[0, 3])
    p_d, p_z = model.component_prior(beta), model.mixture_prior(beta)
    if model.config.component_posterior == "optimal":
        q_d = optimal_components(p_d, gaussian.kl_to_components(q_z, p_z))
    d = q_d.sample(seed=[0, 2])
    chosen = tfd.MultivariateNormalDiag(
        tf.gather(p_z.mean(), d, batch_dims=1), tf.gather(p_z.stddev(), d, batch_dims=1)
    )
    log_p = model.global_prior(groups=draws).log_prob(beta) + tf.reduce_sum(
        model.decoder(z, beta).log_prob(many) + chosen.log_prob(z) + p_d.log_prob(d), axis=1
    )
    log_q = q_beta.log_prob(beta) + tf.reduce_sum(q_z.log_prob(z) + q_d.log_prob(d), axis=1)
    definition = (log_p - log_q).numpy()
    bound = model.elbo_terms(many, ones(many), seed=tf.constant([7, 7]), training=True).elbo.numpy()
    error = np.hypot(definition.std(), bound.std()) / np.sqrt(draws)
    assert abs(definition.mean() - bound.mean()) < 5 * error
    assert error < 0.5


def test_the_terms_are_those_that_numpy_computes():
    """The means in place of samples: closed KLs to a learned p(beta) and to p(d | beta)."""
    model, images = moved(small_model(global_prior="learned", component_prior="beta")), random_images(2, 5)
    terms = model.elbo_terms(images, ones(images), seed=None)
    codes = {key: value.numpy().astype(float) for key, value in model.encoded(images, ones(images)).items()}
    m, log_stddev = (PACE * weight.numpy().astype(float) for weight in model.global_prior.weights)
    s, mean, stddev = np.exp(log_stddev), codes["beta_mean"], codes["beta_stddev"]
    kl_beta = (np.log(s / stddev) + (stddev**2 + (mean - m) ** 2) / (2 * s**2) - 0.5).sum(axis=1)
    np.testing.assert_allclose(terms.kl_beta, kl_beta, rtol=1e-4)
    probs, p_d = codes["component_probs"], model.prior(codes["beta_mean"].astype(np.float32), 2)["component_probs"]
    kl_d = (xlogy(probs, probs) - probs * np.log(p_d.numpy()[:, None])).sum(axis=(1, 2))
    np.testing.assert_allclose(terms.kl_d, kl_d, rtol=1e-4)
    assert kl_d.min() > 0.1 and np.ptp(p_d) > 0.05


def random_case(seed: int = 0):
    """p(d | beta) of two groups, and divergences of their three images to five components."""
    random = np.random.default_rng(seed)
    p_d = random.dirichlet(np.ones(5), size=(2, 1)).astype(np.float32)
    return tfd.Categorical(probs=p_d), p_d, random.gamma(1, 3, size=(2, 3, 5)).astype(np.float32)


def value_of(probs: np.ndarray, p_d: np.ndarray, kl: np.ndarray) -> np.ndarray:
    """What the bound has of d [G, B]."""
    return -(probs * kl + xlogy(probs, probs) - probs * np.log(p_d)).sum(axis=-1)


def test_the_optimal_q_d_attains_the_log_of_the_sum_over_components_and_no_other_does():
    distribution, p_d, kl = random_case()
    best = optimal_components(distribution, kl).probs_parameter().numpy().astype(float)
    attained = value_of(best, p_d, kl)
    np.testing.assert_allclose(attained, logsumexp(np.log(p_d) - kl, axis=-1), rtol=1e-5)
    random = np.random.default_rng(1)
    for other in (*random.dirichlet(np.ones(5), size=200), *np.eye(5)):
        for share in (0.01, 0.3, 1):
            assert np.all(value_of((1 - share) * best + share * other, p_d, kl) <= attained + 1e-6)
    assert np.all(value_of(0.7 * best + 0.3 / 5, p_d, kl) < attained - 1e-3)


def test_an_optimal_q_d_raises_the_bound_of_the_same_weights():
    network, images = moved(small_model(component_prior="beta")), random_images(2, 5)
    optimal = small_model(component_prior="beta", component_posterior="optimal")
    optimal.set_weights(network.get_weights())
    before, after = (model.elbo_terms(images, ones(images), seed=None) for model in (network, optimal))
    np.testing.assert_array_equal(before.log_px, after.log_px)
    assert np.all(after.elbo > before.elbo + 0.1)
    codes = optimal.encoded(images, ones(images))
    p_z = optimal.local_prior(codes["beta_mean"])
    q_z = gaussian.diagonal(codes["z_mean"], codes["z_stddev"])
    weights = optimal.component_prior(codes["beta_mean"]).probs_parameter() * np.exp(
        -gaussian.kl_to_components(q_z, p_z)
    )
    np.testing.assert_allclose(codes["component_probs"], weights / weights.numpy().sum(-1, keepdims=True), rtol=1e-3)


def test_p_beta_as_an_expert_is_one_more_factor_of_the_code():
    plain, images = moved(small_model(global_prior="learned")), random_images(2, 3)
    model = small_model(global_prior="learned", prior_expert=True)
    model.set_weights(plain.get_weights())
    codes, with_prior = (each.encoded(images, ones(images)) for each in (plain, model))
    m, log_stddev = (PACE * weight.numpy() for weight in plain.global_prior.weights)
    precision = codes["beta_stddev"].numpy() ** -2 + np.exp(-2 * log_stddev)
    mean = (codes["beta_mean"] / codes["beta_stddev"] ** 2 + m * np.exp(-2 * log_stddev)) / precision
    np.testing.assert_allclose(with_prior["beta_stddev"], precision**-0.5, rtol=1e-4)
    np.testing.assert_allclose(with_prior["beta_mean"], mean, rtol=1e-3, atol=1e-5)
    for first, second in zip(plain.experts(images).values(), model.experts(images).values(), strict=True):
        np.testing.assert_array_equal(first, second)


def test_sizes_of_subsets_are_uniform_and_their_images_any_that_are_there():
    groups, sizes = 7000, np.array([1, 3, 7])
    mask = np.repeat(np.float32(np.arange(7) < sizes[:, None]), groups, axis=0)
    chosen = random_subset(tf.constant(mask), tf.constant([3, 4])).numpy().reshape(3, groups, 7)
    assert set(np.unique(chosen)) == {0, 1}
    for size, subsets in zip(sizes, chosen, strict=True):
        counts = np.bincount(subsets.sum(axis=1).astype(int), minlength=8)
        assert counts[0] == 0 and counts[size + 1 :].sum() == 0
        expected = groups / size
        assert np.all(np.abs(counts[1 : size + 1] - expected) < 5 * np.sqrt(expected))
        share = (size + 1) / 2 / size  # of an image: the mean size over the images
        assert np.all(np.abs(subsets.mean(axis=0)[:size] - share) < 5 * 0.5 / np.sqrt(groups))
        assert not subsets[:, size:].any()


def test_a_subset_is_a_function_of_the_seed():
    mask = tf.ones([20, 5])
    first, same, other = (random_subset(mask, tf.constant(seed)).numpy() for seed in ([1, 2], [1, 2], [1, 3]))
    np.testing.assert_array_equal(first, same)
    assert (first != other).any()


def test_subsets_are_drawn_in_training_only_and_every_image_is_explained():
    model, plain = moved(small_model(expert_subset="random")), small_model()
    plain.set_weights(model.get_weights())
    images, seed = random_images(2, 5), tf.constant([1, 2])
    for training, same in ((False, True), (True, False)):
        terms, expected = (each.elbo_terms(images, ones(images), seed, training) for each in (model, plain))
        assert (np.asarray(terms.elbo) == np.asarray(expected.elbo)).all() == same
    for key, code in plain.encoded(images, ones(images)).items():
        np.testing.assert_array_equal(model.encoded(images, ones(images))[key], code)
    # The beta of a subset, by hand, and the terms of all five images from it.
    z_seed, beta_seed = tf.unstack(tfp.random.split_seed(seed, 2))
    _, z, _, experts = model.posterior(images, ones(images), z_seed)
    q_beta = model.global_posterior(experts, random_subset(ones(images), seed))
    beta = q_beta.sample(seed=beta_seed)
    terms = model.elbo_terms(images, ones(images), seed, training=True)
    np.testing.assert_allclose(terms.log_px, model.log_px(images, ones(images), z, beta), rtol=1e-6)


def test_padding_is_never_in_a_subset_and_leaves_the_gradient_finite():
    model, images = small_model(**EXTENDED), random_images(3, 4)
    images[:, 2:] = np.nan
    mask = np.float32([[1, 1, 0, 0]] * 3)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(model.elbo_terms(images, mask, tf.constant([1, 2]), training=True).elbo)
    for variable, gradient in zip(
        model.trainable_variables, tape.gradient(total, model.trainable_variables), strict=True
    ):
        assert np.all(np.isfinite(gradient)) and np.abs(gradient).max() > 0, variable.path


def test_beta_scales_and_shifts_the_hidden_units_of_a_film_decoder():
    config, random = small_config(decoder_beta="film"), np.random.default_rng(0)
    layer = JointDense(config)
    z, beta = (random.normal(size=shape).astype(np.float32) for shape in [(2, 5, 3), (2, 4)])
    found = layer(z, beta).numpy()
    w, b = layer.of_z.get_weights()
    factor, shift = beta @ layer.factor.get_weights()[0], beta @ layer.of_beta.get_weights()[0]  # [2, 11]
    expected = ((1 + factor[:, None]) * (z @ w + b) + shift[:, None]).clip(0)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    assert (found > 0).mean() > 0.2


@pytest.mark.parametrize("body", ["mlp", "conv"])
def test_a_film_decoder_without_factors_is_the_decoder_of_the_paper(body):
    film, plain = (small_model(body=body, decoder_beta=kind) for kind in ("film", "add"))
    kernel = film.decoder.body.hidden.factor.kernel
    kernel.assign(np.zeros(kernel.shape))
    others = [variable for variable in film.variables if variable is not kernel]
    for variable, value in zip(plain.variables, others, strict=True):
        variable.assign(value)
    z, beta = np.ones([2, 5, 3], np.float32), np.ones([2, 4], np.float32)
    np.testing.assert_array_equal(film.decode(z, beta)["image_mean"], plain.decode(z, beta)["image_mean"])
