"""The importance-weighted bound: against an exact value, and in order with the ELBO."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal, sem
from small_models import EXTENDED, moved, random_images, small_model

from ugvae_tf.codes import Codes
from ugvae_tf.evaluation import likelihood
from ugvae_tf.evaluation.bootstrap import standard_error

L, PIXELS, B = 2, 5, 3


class LinearGaussian:
    """z = A beta + e, x = C z + D beta + e, one component: everything is Gaussian, so log p(X) is known.

    The posteriors are exact in mean but too wide, so that the bounds differ. With M = 0 it is a VAE.
    """

    def __init__(self, m: int = 3) -> None:
        random, self.m = np.random.default_rng(0), m
        self.a, self.c, self.d = (0.5 * random.normal(size=shape) for shape in [(L, m), (PIXELS, L), (PIXELS, m)])
        self.z_stddev, self.x_stddev = 0.8, 0.6

    def joint_covariance(self) -> np.ndarray:
        """Of the pixels of all images of a group."""
        of_beta = self.c @ self.a + self.d
        own = self.z_stddev**2 * self.c @ self.c.T + self.x_stddev**2 * np.eye(PIXELS)
        return np.kron(np.ones((B, B)), of_beta @ of_beta.T) + np.kron(np.eye(B), own)

    def exact(self, images: np.ndarray) -> np.ndarray:
        zero = np.zeros(B * PIXELS)
        return multivariate_normal(zero, self.joint_covariance()).logpdf(images.reshape(len(images), -1))

    def encode(self, images):
        x = images.reshape(len(images), -1)
        gain = np.kron(np.ones((1, B)), (self.c @ self.a + self.d).T) @ np.linalg.inv(self.joint_covariance())
        beta_mean = x @ gain.T
        z_gain = np.linalg.inv(self.c.T @ self.c / self.x_stddev**2 + np.eye(L)) @ self.c.T / self.x_stddev**2
        z_mean = x.reshape(len(x), B, PIXELS) @ z_gain.T
        return Codes(
            beta_mean=beta_mean,
            beta_stddev=np.full_like(beta_mean, 0.9),
            z_mean=z_mean,
            z_stddev=np.full_like(z_mean, 0.8),
            component_probs=np.ones((len(x), B, 1)),
            images=np.full(len(x), B),
        )

    def prior(self, beta):
        mean = (beta @ self.a.T)[:, np.newaxis]
        return {
            "z_mean": mean,
            "z_stddev": np.full_like(mean, self.z_stddev),
            "component_probs": np.ones((len(mean), 1)),
        }

    def global_prior(self, groups):
        return {"beta_mean": np.zeros((groups, self.m)), "beta_stddev": np.ones((groups, self.m))}

    def decode(self, z, beta):
        mean = z @ self.c.T + (beta @ self.d.T)[:, np.newaxis]
        mean = mean.reshape(*z.shape[:2], PIXELS, 1, 1)
        return {"image_mean": mean, "image_stddev": np.full_like(mean, self.x_stddev)}


@pytest.fixture(scope="module")
def toy():
    return with_a_group(LinearGaussian())


@pytest.fixture(scope="module")
def vae():
    return with_a_group(LinearGaussian(m=0))


def with_a_group(model):
    """The model, and 200 copies of one of its groups."""
    group = np.random.default_rng(1).multivariate_normal(np.zeros(B * PIXELS), model.joint_covariance())
    return model, np.repeat(group.reshape(1, B, PIXELS, 1, 1), 200, axis=0)


def bound(model, images, samples, inner=None):
    return likelihood.importance_weighted_bound(model, images, samples, inner or samples, np.random.default_rng(2))


def test_with_many_samples_the_bound_meets_the_exact_value(toy):
    model, images = toy
    bounds = bound(model, images[:100], 40, 60)
    assert abs(bounds.mean() - model.exact(images)[0]) < 0.15


def test_more_samples_give_a_tighter_bound_and_none_exceeds_the_exact_value(toy):
    model, images = toy
    terms = likelihood.elbo_terms(model, images, np.random.default_rng(3))
    elbo = (terms["log_px"] - terms["kl_z"] - terms["kl_d"] - terms["kl_beta"]).mean()
    one, five, fifty = (bound(model, images, samples).mean() for samples in (1, 5, 50))
    noise = bound(model, images, 1).std() / np.sqrt(len(images))
    assert elbo <= one + 4 * noise and one < five < fifty < model.exact(images)[0] + 0.05


class Counted(LinearGaussian):
    """Counts the images that are decoded, and keeps every z."""

    def __init__(self) -> None:
        super().__init__()
        self.zs = []

    def decode(self, z, beta):
        self.zs.append(z)
        return super().decode(z, beta)


def test_the_samples_of_z_serve_every_beta():
    model, images = with_a_group(Counted())
    bound(model, images[:1], 3, 5)
    assert len(model.zs) == 3 * 5 and len({z.tobytes() for z in model.zs}) == 5


def test_with_equally_many_samples_of_z_more_betas_cost_no_tightness(toy):
    """Five nested samples for each of five betas were less effort than 25 for a model without beta."""
    model, images = toy
    nested, shared = bound(model, images, 5, 5), bound(model, images, 5, 25)
    assert shared.mean() > nested.mean() + 2 * np.hypot(shared.std(), nested.std()) / np.sqrt(len(images))
    assert shared.mean() < model.exact(images)[0] + 0.05


def test_a_standard_error_has_the_unbiased_variance():
    assert standard_error([1.0, 2.0, 4.0]) == pytest.approx(sem([1.0, 2.0, 4.0]))
    assert standard_error([1.0, 3.0]) == 1


def test_of_a_vae_the_samples_of_every_image_tighten_the_bound_up_to_the_exact_value(vae):
    model, images = vae
    exact = model.exact(images)[0]
    one, few, hundred = (bound(model, images, 1, samples).mean() for samples in (1, 25, 100))
    assert one < few < hundred < exact + 0.01
    assert abs(bound(model, images[:5], 1, 5000).mean() - exact) < 0.02


def test_of_a_vae_samples_of_the_whole_group_tighten_it_less(vae):
    model, images = vae
    assert bound(model, images, 25, 1).mean() < bound(model, images, 1, 25).mean()


@pytest.mark.parametrize(
    "variant", [{}, {"likelihood": "bernoulli"}, {"observation_variance": "network"}, EXTENDED], ids=len
)
def test_the_terms_are_those_of_the_keras_model_at_the_same_posteriors(variant):
    """At posteriors of almost no width, samples are means and NumPy must find what TensorFlow finds."""
    model, images = moved(small_model(**variant)), random_images(2, 3)
    served = _Served(model)
    terms = likelihood.elbo_terms(served, images, _NoNoise())
    expected = model.elbo_terms(images, np.ones([2, 3], np.float32), seed=None)
    for name, value in expected._asdict().items():
        np.testing.assert_allclose(terms[name], value, rtol=1e-4, atol=1e-3, err_msg=name)


@pytest.mark.parametrize("levels", [2, 5], ids=["black and white", "grey"])
def test_the_log_probability_of_bernoulli_pixels(levels):
    """x log p + (1 - x) log(1 - p); a pixel that the model excludes has probability 0."""
    random = np.random.default_rng(0)
    images = (random.integers(levels, size=(2, 3, 5, 7, 1)) / (levels - 1)).astype(np.float32)
    mean = random.uniform(0.01, 0.99, images.shape).astype(np.float32)
    exact = images * np.log(mean.astype(float)) + (1 - images) * np.log1p(-mean.astype(float))
    np.testing.assert_allclose(likelihood.log_px(images, {"image_mean": mean}), exact.sum(axis=(2, 3, 4)), rtol=1e-6)
    certain = likelihood.log_px(images, {"image_mean": (images > 0.5).astype(np.float32)})
    assert np.all(certain == (0 if levels == 2 else -np.inf))


def test_d_is_summed_out_exactly():
    model, images = _Served(moved(small_model(component_prior="beta"))), random_images(1, 2)
    codes = model.encode(images)
    p_z = model.prior(codes.beta_mean)
    z = codes.z_mean
    densities = [
        multivariate_normal(p_z["z_mean"][0, d], np.diag(p_z["z_stddev"][0, d] ** 2)).pdf(z[0]) for d in range(6)
    ]
    expected = np.log(np.average(densities, axis=0, weights=p_z["component_probs"][0]))
    np.testing.assert_allclose(likelihood._log_mixture(z, p_z)[0], expected, rtol=1e-4)


def test_of_an_extended_model_too_more_samples_give_a_tighter_bound():
    model, images = _Served(moved(small_model(**EXTENDED))), np.repeat(random_images(1, 2), 300, axis=0)
    terms = likelihood.elbo_terms(model, images, np.random.default_rng(3))
    elbo = terms["log_px"] - terms["kl_z"] - terms["kl_d"] - terms["kl_beta"]
    one, ten = (bound(model, images, samples) for samples in (1, 10))
    noise = np.hypot(elbo.std(), one.std()) / np.sqrt(len(images))
    assert elbo.mean() < one.mean() + 4 * noise and one.mean() + 4 * noise < ten.mean()


class _Served:
    """The Keras model with a served model's interface."""

    def __init__(self, model) -> None:
        self.model = model

    def encode(self, images):
        return self.model.encode(images)

    def prior(self, beta):
        return _arrays(self.model.prior(beta, len(beta)))

    def global_prior(self, groups):
        p_beta = self.model.global_prior(groups=groups)
        return _arrays({"beta_mean": p_beta.mean(), "beta_stddev": p_beta.stddev()})

    def decode(self, z, beta):
        return _arrays(self.model.decode(z, beta))


class _NoNoise:
    """Draws the mean of the standard normal."""

    def standard_normal(self, shape):
        return np.zeros(shape)


def _arrays(tensors):
    return {name: tensor.numpy() for name, tensor in tensors.items()}
