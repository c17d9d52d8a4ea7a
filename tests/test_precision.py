"""Training in bfloat16: what computes in it, what stays float32, and the machines on which it is refused."""

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from small_models import (
    IMAGE_SHAPE,
    ONE_REPLICA,
    TWO_REPLICAS,
    new_model,
    noiseless,
    random_images,
    small_model,
)

from ugvae_tf.commands.flags import as_flags
from ugvae_tf.config import Config, TrainingConfig, from_json, precision, to_json
from ugvae_tf.errors import UserError
from ugvae_tf.models.precision import in_bfloat16
from ugvae_tf.networks.biased import Conv2D, Conv2DTranspose, Dense
from ugvae_tf.serving import export
from ugvae_tf.training import fitting

BODIES = {
    "mlp": {"decoder_beta": "film"},
    "gm-vae": {"model": "gm-vae", "likelihood": "bernoulli"},
}
SLOWER = {
    "gated": {"observation_variance": "network", "body": "gated"},
    "batch": {"body": "conv", "normalisation": "batch"},
    "group": {"body": "conv", "normalisation": "group", "observation_variance": "learned"},
}
CLOSE = 0.02  # bfloat16 has 8 significant bits, an error of 0.4 % at most in each number


def groups_of(model) -> tuple[tf.Tensor, tf.Tensor]:
    images = random_images(2, 5, image_shape=model.image_shape).round()
    return tf.constant(images), tf.constant([[1.0] * 5, [1.0] * 3 + [0.0] * 2])


def gradients(model, training: bool = True):
    images, mask = groups_of(model)
    with tf.GradientTape() as tape:
        terms = model.elbo_terms(images, mask, seed=None, training=training)
        total = tf.reduce_sum(terms.elbo)
    return terms, tape.gradient(total, model.trainable_variables)


def norm(arrays) -> float:
    """The Euclidean norm of all numbers in the arrays."""
    return float(np.sqrt(sum(np.sum(np.square(each, dtype=np.float64)) for each in arrays)))


@pytest.mark.parametrize("body", [*BODIES, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOWER)])
def test_bodies_compute_in_bfloat16_and_distributions_terms_and_gradients_are_float32(body):
    model = small_model(**(BODIES | SLOWER)[body])
    images, mask = groups_of(model)
    exact, exact_gradients = gradients(model)
    with in_bfloat16(model.bodies):
        assert model.body(images).dtype == tf.bfloat16
        q_z, z, q_d, experts = model.posterior(images, mask, seed=None)
        beta = None if experts is None else model.global_posterior(experts, mask).mean()
        assert model.decoder.body(z, beta).dtype == tf.bfloat16
        terms, found = gradients(model)
        assert model.decoder(z, beta).mean().dtype == tf.float32
    tensors = [q_z.mean(), q_z.stddev(), q_d.logits_parameter(), *(experts or ()), *terms, *found]
    assert {tensor.dtype for tensor in tensors} == {tf.float32}
    np.testing.assert_allclose(terms.elbo, exact.elbo, rtol=CLOSE)
    assert not np.array_equal(terms.elbo, exact.elbo)
    assert norm(one - other for one, other in zip(found, exact_gradients, strict=True)) < 0.15 * norm(exact_gradients)
    again, _ = gradients(model, training=False)
    assert model.body(images).dtype == tf.float32
    assert again.log_px.dtype == tf.float32


LAYERS = {
    "dense": (lambda: Dense(3, "relu"), [9001, 2]),
    "conv": (lambda: Conv2D(3, 4, 2, "same"), [17, 32, 32, 2]),
    "transposed": (lambda: Conv2DTranspose(3, 4, 2, "same", activation="relu"), [9, 32, 32, 2]),
}


@pytest.mark.parametrize("kind", LAYERS)
def test_the_gradient_of_a_bias_is_a_sum_that_does_not_stop_growing(kind):
    make, shape = LAYERS[kind]
    layer, images = make(), tf.constant(np.random.default_rng(0).normal(size=shape), tf.float32)
    exact = layer(images)
    layer.bias.assign([0.0, 0.5, 99.0])
    layer.dtype_policy = "mixed_bfloat16"
    with tf.GradientTape() as tape:
        outputs = layer(images)
        total = tf.reduce_sum(tf.cast(outputs, tf.float32))
    counts = np.sum(np.not_equal(outputs, 0), axis=tuple(range(len(shape) - 1)))
    assert outputs.dtype == tf.bfloat16
    assert counts.min() > 4000
    np.testing.assert_allclose(tape.gradient(total, layer.bias), counts, rtol=0.01)
    np.testing.assert_allclose(tf.cast(outputs, tf.float32)[..., 0], exact[..., 0], rtol=CLOSE, atol=CLOSE)


def fitted(chosen: str, strategy=ONE_REPLICA, **settings):
    """A model after three steps of two groups, without noise."""
    with strategy.scope():
        model = noiseless(new_model(**settings))
        model.compile(keras.optimizers.Adam(0.01), precision=chosen)
        model.optimizer.build(model.trainable_variables)
    images = random_images(6, 4, image_shape=model.image_shape)
    model.fit(images, np.ones([6, 4], np.float32), batch_size=2, epochs=1, shuffle=False, verbose=0)
    return model, images


@pytest.mark.slow
def test_steps_in_bfloat16_on_two_replicas_are_near_those_in_float32_and_keep_float32_state(machine):
    machine("flags\t\t: fpu avx512_bf16 sse")
    (exact, _), (model, images) = (fitted(each, TWO_REPLICAS) for each in ("float32", "bfloat16"))
    start = new_model()
    states = zip(model.trainable_variables, exact.trainable_variables, start.trainable_variables, strict=True)
    moves = [(found - before, other - before) for found, other, before in states]
    assert {keras.backend.standardize_dtype(each.dtype) for each in model.variables} == {"float32"}
    assert {each.dtype for each in model.optimizer.variables[1:] if "rate" not in each.path} <= {"float32"}
    apart, moved = norm(one - other for one, other in moves), norm(other for _, other in moves)
    assert 1e-6 * moved < apart < 0.3 * moved  # Adam divides by the size of a gradient, so small ones count as well
    exact.set_weights(model.get_weights())
    assert model.encode(images).z_mean.tobytes() == exact.encode(images).z_mean.tobytes()  # outside of training


@pytest.mark.slow
def test_an_export_computes_in_float32_whatever_the_training_and_the_process(machine, tmp_path):
    machine("flags\t\t: amx_bf16")
    model, images = fitted("bfloat16")
    policy = keras.config.dtype_policy()
    try:
        keras.config.set_dtype_policy("mixed_bfloat16")
        twin = new_model()
        twin.set_weights(model.get_weights())
        export.export_version(twin, tmp_path / "1", to_json(Config(model=twin.config), image_shape=IMAGE_SHAPE))
    finally:
        keras.config.set_dtype_policy(policy)
    loaded = tf.saved_model.load(tmp_path / "1")
    for name, function in loaded.signatures.items():
        types = {tensor.dtype for op in function.graph.get_operations() for tensor in op.outputs}
        assert tf.bfloat16 not in types, name
    found, wanted = loaded.signatures["serving_default"](images=tf.constant(images)), model.encode(images)
    np.testing.assert_allclose(found["beta_mean"], wanted.beta_mean, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "float64"])
def test_a_model_does_not_depend_on_the_policy_of_the_process(policy):
    before = keras.config.dtype_policy()
    try:
        keras.config.set_dtype_policy(policy)
        model = new_model(expert_variance="bounded", global_prior="learned", observation_variance="learned")
    finally:
        keras.config.set_dtype_policy(before)
    assert {each.dtype for each in model.variables} == {"float32"}
    assert gradients(model)[0].elbo.dtype == tf.float32


@pytest.mark.slow
def test_the_precision_is_recorded_compiled_and_saved():
    settings = Config(training=TrainingConfig(precision="bfloat16"))
    assert from_json(to_json(settings)) == settings
    older = to_json(Config()).replace('"precision": "float32",', "")
    assert from_json(older).training.precision == "float32"
    small = replace(settings, model=small_model().config)
    model = fitting.compiled_model(small, IMAGE_SHAPE, steps=3)
    assert model.precision == "bfloat16"
    again = small_model()
    again.compile_from_config(model.get_compile_config())
    assert again.precision == "bfloat16"


@pytest.mark.parametrize("flags", ["flags\t\t: fpu avx512_bf16", "flags\t\t: amx_bf16 sse"])
def test_processors_with_instructions_for_bfloat16_train_in_it(machine, flags):
    machine(flags)
    precision.check_precision("bfloat16")


def test_other_processors_are_refused_in_one_sentence_unless_there_is_a_gpu(machine, tmp_path, monkeypatch):
    machine("flags\t\t: fpu avx512f avx512_bf16x")
    with pytest.raises(UserError) as refused:
        precision.check_precision("bfloat16")
    assert as_flags(str(refused.value)) == (
        "--precision bfloat16 needs a processor with avx512_bf16 or AMX, or a GPU, and is far slower than float32 on "
        "this machine: train in --precision float32."
    )
    with pytest.raises(UserError, match="needs a processor"):
        fitted("bfloat16")
    precision.check_precision("float32")
    (tmp_path / "gpu").touch()
    precision.check_precision("bfloat16")
    monkeypatch.setattr(precision, "GPUS", ())
    monkeypatch.setattr(precision, "CPU", tmp_path / "none")
    with pytest.raises(UserError, match="needs a processor"):
        precision.check_precision("bfloat16")
    with pytest.raises(UserError, match="must be one of float32, bfloat16"):
        precision.check_precision("float16")
