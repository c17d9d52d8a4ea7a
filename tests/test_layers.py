"""The five conditionals: shapes with unknown axes, the choices of variance, and their networks."""

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from small_models import CONV_SHAPE, IMAGE_SHAPE, SIZES, assert_distribution, small_config

from ugvae_tf import gaussian
from ugvae_tf.config import MIN_PIXEL_STDDEV
from ugvae_tf.gaussian import product_of_experts
from ugvae_tf.layers import (
    ComponentEncoder,
    ComponentPrior,
    Decoder,
    GlobalEncoder,
    GlobalPrior,
    LocalEncoder,
    MixturePrior,
)
from ugvae_tf.layers.decoder import BernoulliPixels
from ugvae_tf.layers.priors import PACE
from ugvae_tf.layers.stddev import inverse_pixel_stddev, latent_stddev, pixel_stddev

G, B, F = 2, 5, 9
K, L, M = SIZES["components"], SIZES["local_size"], SIZES["global_size"]
LAYERS = {
    "LocalEncoder": (LocalEncoder, [(G, B, F)], (G, B), (L,)),
    "ComponentEncoder": (ComponentEncoder, [(G, B, L)], (G, B), ()),
    "MixturePrior": (MixturePrior, [(G, M)], (G, K), (L,)),
    "ComponentPrior": (ComponentPrior, [(G, M)], (G, 1), ()),
    "Decoder": (lambda config: Decoder(config, IMAGE_SHAPE), [(G, B, L), (G, M)], (G, B), IMAGE_SHAPE),
    "Decoder, conv": (
        lambda config: Decoder(replace(config, body="conv"), CONV_SHAPE),
        [(G, B, L), (G, M)],
        (G, B),
        CONV_SHAPE,
    ),
}


def inputs(shapes, seed=0):
    random = np.random.default_rng(seed)
    return [tf.constant(random.uniform(0.1, 1, shape), tf.float32) for shape in shapes]


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_gives_one_distribution_of_the_documented_shape(name):
    make, shapes, batch_shape, event_shape = LAYERS[name]
    assert_distribution(make(small_config())(*inputs(shapes)), batch_shape, event_shape)


@pytest.mark.parametrize("name", LAYERS)
def test_shapes_hold_inside_a_function_that_knows_neither_groups_nor_their_size(name):
    make, shapes, batch_shape, event_shape = LAYERS[name]
    layer = make(small_config())
    leading = [2 if len(shape) > 2 else 1 for shape in shapes]
    unknown = [tf.TensorSpec([*[None] * n, *shape[n:]]) for n, shape in zip(leading, shapes, strict=True)]

    @tf.function(input_signature=unknown)
    def sample_and_parameters(*tensors):
        distribution = layer(*tensors)
        return distribution.sample(seed=[0, 0]), distribution.log_prob(distribution.sample(seed=[0, 0]))

    sample, log_prob = sample_and_parameters(*inputs(shapes))
    assert sample.shape == (*batch_shape, *event_shape)
    assert log_prob.shape == batch_shape


def test_mixture_prior_is_one_network_per_component():
    layer = MixturePrior(small_config())
    beta = inputs([(G, M)])[0]
    p_z = layer(beta)
    first, first_bias = (weight.numpy() for weight in layer.hidden.weights)
    second, second_bias = (weight.numpy() for weight in layer.parameters.weights)
    for k in range(K):
        units = slice(k * layer.units, (k + 1) * layer.units)
        hidden = np.maximum(beta @ first[:, units] + first_bias[units], 0)
        mean, raw = np.split(hidden @ second[k] + second_bias[k], 2, axis=-1)
        np.testing.assert_allclose(p_z.mean()[:, k], mean, atol=1e-5)
        np.testing.assert_allclose(p_z.variance()[:, k], np.exp(np.tanh(raw)), rtol=1e-5)


@pytest.mark.parametrize("choice", ["standard", "learned"])
def test_p_beta_is_one_gaussian_for_any_number_of_groups(choice):
    layer = GlobalPrior(small_config(global_prior=choice))
    assert_distribution(layer(groups=G), (G,), (M,))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int32)])
    def sample(sizes):
        return layer(groups=tf.shape(sizes)[0]).sample(seed=[0, 0])

    assert sample([1, 2, 3]).shape == (3, M)


def test_a_learned_p_beta_starts_as_the_standard_one_and_has_its_moments_divided_by_the_pace_as_weights():
    layer, standard = GlobalPrior(small_config(global_prior="learned")), GlobalPrior(small_config())
    beta = inputs([(G, M)])[0]
    np.testing.assert_allclose(layer(groups=G).log_prob(beta), standard(groups=G).log_prob(beta), rtol=1e-6)
    assert [weight.path.split("/")[-1] for weight in layer.trainable_weights] == ["mean", "log_stddev"]
    assert not standard.weights
    mean, log_stddev = np.float32([1, -2, 0, 3]), np.float32([-1, 0.5, 2, 0])
    layer.set_weights([mean / PACE, log_stddev / PACE])
    np.testing.assert_allclose(layer(groups=G).mean(), [mean] * G, rtol=1e-6)
    np.testing.assert_allclose(layer(groups=G).variance(), [np.exp(2 * log_stddev)] * G, rtol=1e-5)


def test_the_probabilities_of_components_given_beta_are_their_formula():
    layer = ComponentPrior(small_config())
    beta = 30 * (inputs([(G, M)])[0] - 0.5)
    found = layer(beta).probs_parameter().numpy()
    kernel, bias = (weight.numpy() for weight in layer.weights)
    weights = np.log1p(np.exp(beta @ kernel + bias)) + 1e-5
    np.testing.assert_allclose(found[:, 0], weights / weights.sum(axis=1, keepdims=True), rtol=1e-4)
    assert np.ptp(found) > 0.1


@pytest.mark.parametrize(("units", "expected"), [(None, SIZES["hidden_units"]), (13, 13)])
def test_prior_units_are_those_of_every_network_of_the_prior(units, expected):
    layer = MixturePrior(small_config(prior_units=units))
    layer(inputs([(G, M)])[0])
    assert [weight.shape for weight in layer.weights] == [
        (M, K * expected),
        (K * expected,),
        (K, expected, 2 * L),
        (K, 2 * L),
    ]


@pytest.mark.parametrize(
    ("changes", "unit_scale"),
    [
        ({"expert_variance": "free"}, False),
        ({"expert_variance": "bounded"}, True),
        ({"expert_variance": "bounded", "component_kernel": "glorot"}, False),
    ],
)
def test_the_kernel_of_the_component_probabilities_starts_where_the_setting_says(changes, unit_scale):
    layer = GlobalEncoder(small_config(components=20, global_size=50, **changes))
    layer(*inputs([(G, B, F), (G, B, 20)]))
    kernel = layer.mean_of_component.kernel.numpy()
    glorot = np.sqrt(6 / (20 + 50))
    assert abs(kernel.std() - 1) < 0.1 if unit_scale else np.abs(kernel).max() <= glorot


@pytest.mark.parametrize("components", [3, 50])
def test_a_component_starts_at_the_same_scale_whatever_their_number(components):
    config = small_config(components=components, hidden_units=128, local_size=16)
    beta = np.random.default_rng(0).normal(size=(64, M)).astype(np.float32)
    spread = np.std(MixturePrior(config)(beta).mean())
    assert 0.3 < spread < 1.5


def experts(expert_variance, scale=1.0):
    layer = GlobalEncoder(small_config(expert_variance=expert_variance))
    features, probs = inputs([(G, B, F), (G, B, K)])
    precision, precision_mean = layer(scale * (features - 0.5), probs)
    return precision.numpy(), (precision_mean / precision).numpy()


def test_free_experts_differ_without_bound_in_precision():
    precision, _ = experts("free", scale=100)
    assert precision.max() / precision.min() > 100


def test_bounded_experts_differ_by_e_squared_at_most():
    precision, _ = experts("bounded", scale=100)
    ratio = precision.max(axis=(0, 1)) / precision.min(axis=(0, 1))
    assert np.all(ratio <= np.exp(2) * 1.0001) and ratio.max() > 1.5


def test_shared_experts_average_their_means_and_narrow_as_one_over_the_size():
    layer = GlobalEncoder(small_config(expert_variance="shared"))
    features, probs = inputs([(G, B, F), (G, B, K)])
    precision, precision_mean = layer(features, probs)
    assert precision.shape == precision_mean.shape == (G, B, M)
    assert np.ptp(precision, axis=(0, 1)).max() == 0
    q_beta = product_of_experts(precision, precision_mean)
    np.testing.assert_allclose(q_beta.mean(), (precision_mean / precision).numpy().mean(axis=1), rtol=1e-4, atol=1e-6)
    twice = product_of_experts(*layer(tf.repeat(features, 2, axis=1), tf.repeat(probs, 2, axis=1)))
    np.testing.assert_allclose(twice.variance(), q_beta.variance() / 2, rtol=1e-5)
    np.testing.assert_allclose(twice.mean(), q_beta.mean(), atol=1e-5)


def decoded(**changes):
    z, beta = inputs([(G, B, L), (G, M)])
    return Decoder(small_config(**changes), IMAGE_SHAPE)(z, beta)


def test_fixed_and_learned_variance_start_at_the_given_number():
    for choice in ("fixed", "learned"):
        p_x = decoded(observation_variance=choice, pixel_variance=0.05)
        np.testing.assert_allclose(p_x.variance(), 0.05, rtol=1e-5)


def test_network_variance_differs_from_pixel_to_pixel():
    assert np.ptp(decoded(observation_variance="network").variance()) > 1e-3


def test_only_what_is_learned_has_weights():
    def weights(**changes):
        z, beta = inputs([(G, B, L), (G, M)])
        layer = Decoder(small_config(**changes), IMAGE_SHAPE)
        layer(z, beta)
        return sum(weight.shape.num_elements() for weight in layer.trainable_weights)

    fixed = weights(observation_variance="fixed")
    assert weights(observation_variance="learned") == fixed + 1
    assert weights(likelihood="bernoulli", observation_variance="learned") == fixed


def test_a_bernoulli_pixel_has_its_cross_entropy_as_log_density():
    p_x = decoded(likelihood="bernoulli")
    x = np.random.default_rng(0).random((G, B, *IMAGE_SHAPE)).astype(np.float32)
    mean = p_x.mean().numpy()
    expected = (x * np.log(mean) + (1 - x) * np.log(1 - mean)).sum(axis=(2, 3, 4))
    np.testing.assert_allclose(p_x.log_prob(x), expected, rtol=1e-4)


def test_the_gradient_of_a_bernoulli_pixel_is_its_value_minus_its_mean():
    logits = tf.constant([-12.0, -2.0, 0.0, 3.0, 12.0])
    x = tf.constant([0.0, 1.0, 0.5, 1.0, 0.0])
    with tf.GradientTape() as tape:
        tape.watch(logits)
        log_p = BernoulliPixels(logits=logits, dtype=tf.float32).log_prob(x)
    np.testing.assert_allclose(tape.gradient(log_p, logits), x - 1 / (1 + np.exp(-logits)), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("raw", [-1e30, -100.0, 0.0, 100.0, 1e30])
def test_standard_deviations_are_bounded_away_from_zero_and_finite(raw):
    assert pixel_stddev(tf.constant(raw)) >= MIN_PIXEL_STDDEV
    assert 0.0009 < latent_stddev(tf.constant(raw)) < 1100


@pytest.mark.parametrize("stddev", [0.01, 0.2236, 1.0])
def test_inverse_pixel_stddev_undoes_pixel_stddev(stddev):
    np.testing.assert_allclose(float(pixel_stddev(inverse_pixel_stddev(stddev))), stddev, rtol=1e-5)


def test_a_learned_p_beta_reaches_codes_that_are_far_away_and_narrow():
    """Within 1,000 steps at the preset's learning rate: the mean KL is then that of the best diagonal Gaussian."""
    random = np.random.default_rng(0)
    centres, spread, noise = np.float32([3, -2, 0, 1]), 0.1, 0.05
    layer, optimizer = GlobalPrior(small_config(global_prior="learned")), keras.optimizers.Adam(3e-3)
    means = tf.constant(centres + random.normal(0, spread, (501, M)), tf.float32)
    q = gaussian.diagonal(means, tf.fill([501, M], noise))

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(q.kl_divergence(layer(groups=501)))
        optimizer.apply_gradients(zip(tape.gradient(loss, layer.weights), layer.weights, strict=True))
        return loss

    for _ in range(1000):
        loss = step()
    best = M * np.log(np.hypot(spread, noise) / noise)
    assert float(loss) == pytest.approx(best, rel=0.05)
