"""The family: each model against the one it generalises, and the conformance of all."""

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import norm
from small_models import EXTENDED, SIZES, random_images, small_config, small_model

from ugvae_tf.config import Config, DataConfig, TrainingConfig
from ugvae_tf.datasets.image_set import ImageSet
from ugvae_tf.models import MODELS
from ugvae_tf.models.base import GroupModel
from ugvae_tf.models.terms import ElboTerms
from ugvae_tf.training import fitting
from ugvae_tf.training.checkpoints import Checkpoints

SEED = [3, 5]


def ones(images):
    return np.ones(images.shape[:2], np.float32)


def terms_of(model, images) -> dict[str, np.ndarray]:
    terms = model.elbo_terms(images, ones(images), tf.constant(SEED))
    return {name: value.numpy() for name, value in zip(model.term_names, terms, strict=True)}


def copy_weights(source, target, *layers):
    for layer in layers:
        getattr(target, layer).set_weights(getattr(source, layer).get_weights())


def assert_equal_terms(first, second, names=("log_px", "kl_z", "kl_d", "kl_beta")):
    for name in names:
        np.testing.assert_allclose(first[name], second[name], rtol=1e-4, atol=1e-4, err_msg=name)


@pytest.mark.parametrize("expert_variance", ["free", "bounded", "shared"])
def test_ug_vae_with_one_component_and_no_prior_network_is_ml_vae(expert_variance):
    ug = small_model(components=1, expert_variance=expert_variance)
    ml = small_model(seed=1, model="ml-vae", expert_variance=expert_variance)
    copy_weights(ml, ug, "body", "local_encoder", "decoder")
    copy_weights(ml.global_encoder, ug.global_encoder, "mean_of_features")
    component = ug.global_encoder.mean_of_component.kernel
    component.assign(tf.zeros_like(component))
    if expert_variance != "shared":
        kernel, bias = ml.global_encoder.raw_variance.get_weights()
        ug.global_encoder.raw_variance.set_weights([np.vstack([kernel, np.zeros_like(kernel[:1])]), bias])
    for weight in ug.mixture_prior.parameters.weights:  # p(z | d, beta) = N(0, I)
        weight.assign(tf.zeros_like(weight))
    images = random_images(2, 5)
    assert_equal_terms(terms_of(ug, images), terms_of(ml, images))


def test_ml_vae_with_one_image_a_group_and_no_way_from_beta_to_the_pixels_is_the_vae():
    ml, vae = small_model(model="ml-vae"), small_model(seed=1, model="vae")
    copy_weights(ml, vae, "body", "local_encoder")
    copy_weights(ml.decoder.body, vae.decoder.body, "pixels")
    copy_weights(ml.decoder.body.hidden, vae.decoder.body.hidden, "of_z")
    kernel = ml.decoder.body.hidden.of_beta.kernel
    images = random_images(3, 1)
    assert np.abs(terms_of(ml, images)["log_px"] - terms_of(vae, images)["log_px"]).max() > 0.01
    kernel.assign(tf.zeros_like(kernel))
    assert_equal_terms(terms_of(ml, images), terms_of(vae, images), ["log_px", "kl_z", "kl_d"])


@pytest.mark.slow
def test_gm_vae_with_one_standard_component_is_the_vae():
    gm, vae = small_model(model="gm-vae", components=1), small_model(seed=1, model="vae")
    copy_weights(gm, vae, "body", "local_encoder", "decoder")
    gm.component_mean.assign(tf.zeros_like(gm.component_mean))
    images = random_images(2, 5)
    assert_equal_terms(terms_of(gm, images), terms_of(vae, images))


def test_ug_vae_whose_beta_nobody_hears_is_gm_vae():
    ug, gm = small_model(), small_model(seed=1, model="gm-vae")
    copy_weights(ug, gm, "body", "local_encoder", "component_encoder")
    copy_weights(ug.decoder.body, gm.decoder.body, "pixels")
    copy_weights(ug.decoder.body.hidden, gm.decoder.body.hidden, "of_z")
    for kernel in (ug.decoder.body.hidden.of_beta.kernel, ug.mixture_prior.hidden.kernel):
        kernel.assign(tf.zeros_like(kernel))
    p_z = ug.local_prior(tf.zeros([1, SIZES["global_size"]]))
    gm.component_mean.assign(p_z.mean())
    gm.raw_log_variance.assign(tf.atanh(tf.math.log(p_z.variance())))
    images = random_images(2, 5)
    assert_equal_terms(terms_of(ug, images), terms_of(gm, images), ["log_px", "kl_z", "kl_d"])


def test_nested_vae_is_a_vae_whose_latents_a_second_one_rebuilds():
    """The outer terms are the VAE's; the nested ones against NumPy, with the means in place of samples."""
    nested, vae = small_model(model="nested-vae"), small_model(seed=1, model="vae")
    copy_weights(nested, vae, "body", "local_encoder", "decoder")
    images = random_images(2, 3)
    outer = vae.elbo_terms(images, ones(images), None)
    log_px, kl_z, kl_d, kl_beta, log_pz = nested.elbo_terms(images, ones(images), None)
    np.testing.assert_allclose(log_px, outer.log_px, rtol=1e-5)
    np.testing.assert_allclose(kl_z, outer.kl_z, rtol=1e-5)
    np.testing.assert_array_equal(kl_d, 0)
    codes, experts = nested.encoded(images, ones(images)), nested.experts(images)
    mean, stddev = codes["z_mean"].numpy(), codes["z_stddev"].numpy()
    precision = experts["precision"].numpy()
    beta = experts["precision_mean"].numpy() / precision  # [G, B, M]
    np.testing.assert_allclose(
        kl_beta, 0.5 * (1 / precision + beta**2 - 1 + np.log(precision)).sum(axis=(1, 2)), rtol=1e-4
    )
    expected = 0
    for image, partner in ((0, 1), (1, 2), (2, 0)):
        p_z = nested.local_prior(tf.constant(beta[:, image]))
        p_mean, p_stddev = p_z.mean().numpy()[:, 0], p_z.stddev().numpy()[:, 0]
        density = norm.logpdf(mean[:, partner], p_mean, p_stddev) - stddev[:, partner] ** 2 / (2 * p_stddev**2)
        expected = expected + density.sum(axis=-1)
    np.testing.assert_allclose(log_pz, expected, rtol=1e-4)


def settings(name: str, group_by: str | None = None, extensions: dict | None = None, **changes) -> Config:
    return Config(
        data=DataConfig(group_size=3, group_by=group_by),
        model=small_config(model=name, **(extensions or {})),
        training=TrainingConfig(**{"groups_per_step": 2, "epochs": 2, **changes}),
    )


TRAIN, HELD_OUT = (
    ImageSet(
        np.random.default_rng(n).integers(256, size=(n, 5, 3, 1), dtype=np.uint8), {"label": np.arange(n) * 7 % 5 > 1}
    )
    for n in (19, 7)
)


def compiled(config: Config):
    """Six steps take less time than making their graph, which tests/test_training.py has."""
    model = fitting.compiled_model(config, TRAIN.image_shape, TRAIN.steps_per_epoch(fitting.grouping_of(config)))
    model.run_eagerly, model.jit_compile = True, False
    return model


def trained(config: Config):
    model = compiled(config)
    fitting.fit(model, config, TRAIN, HELD_OUT)
    return model


def assert_same_weights(first, second):
    for one, other in zip(first.variables, second.variables, strict=True):
        np.testing.assert_array_equal(one, other, err_msg=one.path)


@pytest.mark.slow
def test_beta_vae_of_weight_one_is_the_vae_and_another_weight_is_not():
    vae, beta_vae = trained(settings("vae")), settings("beta-vae")
    assert beta_vae.model.kl_weight == 1
    assert_same_weights(vae, trained(beta_vae))
    heavier = trained(replace(beta_vae, model=replace(beta_vae.model, kl_weight=4.0)))
    assert any(np.abs(one - other).max() > 1e-3 for one, other in zip(vae.variables, heavier.variables, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "group_by", "extensions"),
    [
        *((name, None, None) for name in MODELS),
        ("ml-vae", "label", None),
        ("ug-vae", None, EXTENDED),
    ],
)
def test_a_stopped_run_goes_on_as_if_it_had_not_been_stopped(tmp_path, name, group_by, extensions):
    config = settings(name, group_by, extensions)
    whole = trained(config)
    half = compiled(config)
    fitting.fit(half, settings(name, group_by, extensions, epochs=1), TRAIN, HELD_OUT)
    Checkpoints(tmp_path, half).save()
    resumed = compiled(config)
    checkpoints = Checkpoints(tmp_path, resumed)
    checkpoints.restore()
    assert checkpoints.step == TRAIN.steps_per_epoch(fitting.grouping_of(config))
    fitting.fit(resumed, config, TRAIN, HELD_OUT, first_step=checkpoints.step)
    assert_same_weights(whole, resumed)


class Impurity(GroupModel):
    """Tells in place of log p(X) how far the labels of a group, which its pixels show, are apart."""

    model_name = "vae"

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.idle = self.add_weight(shape=[], initializer="zeros")  # an optimiser wants something to move

    def elbo_terms(self, images, mask, seed, training=False):
        shown = images[:, :, 0, 0, 0] * mask  # [G, B]
        mean = tf.reduce_sum(shown, axis=1) / tf.reduce_sum(mask, axis=1)
        apart = tf.reduce_sum(mask * tf.abs(shown - mean[:, None]), axis=1)
        return ElboTerms(apart + 0 * self.idle, *[tf.zeros_like(apart)] * 3)


@pytest.mark.slow
@pytest.mark.parametrize(("group_by", "pure"), [("label", True), (None, False)])
def test_training_by_a_label_sees_groups_of_one_value_only(group_by, pure):
    train, held_out = (
        replace(each, images=each.images * 0 + 255 * each.labels["label"][:, None, None, None].astype(np.uint8))
        for each in (TRAIN, HELD_OUT)
    )
    model, told = Impurity(train.image_shape), []
    model.compile(optimizer="sgd", run_eagerly=True)
    keep = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: told.append(logs))
    fitting.fit(model, settings("ml-vae", group_by), train, held_out, callbacks=[keep])
    assert all((logs["log_px"] == 0) == pure and (logs["val_log_px"] == 0) == pure for logs in told) and len(told) == 2


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_one_graph_serves_any_number_and_size_of_groups(name):
    model = small_model(model=name)
    specs = [tf.TensorSpec([None, None, *model.image_shape]), tf.TensorSpec([None, None])]
    both = tf.function(
        lambda images, mask: (model.elbo_terms(images, mask, None), model.encoded(images, mask)), input_signature=specs
    )
    for groups, size in ((2, 3), (5, 1), (1, 7)):
        images = random_images(groups, size)
        terms, codes = both(images, ones(images))
        for graph, eager in zip(terms, model.elbo_terms(images, ones(images), None), strict=True):
            np.testing.assert_allclose(graph, eager, rtol=1e-4, atol=1e-4)
        for key, code in model.encoded(images, ones(images)).items():
            np.testing.assert_allclose(codes[key], code, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", MODELS)
def test_saved_weights_make_the_same_model(tmp_path, name):
    first, images = small_model(model=name), random_images(2, 3)
    first.save_weights(tmp_path / "model.weights.h5")
    second = small_model(seed=7, model=name)
    assert any(np.abs(one - other).max() > 0.01 for one, other in zip(first.weights, second.weights, strict=True))
    second.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_array_equal(terms_of(first, images)["log_px"], terms_of(second, images)["log_px"])
