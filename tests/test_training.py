"""Training: replicas, seeds, resuming, and the scale of the loss."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from small_models import ONE_REPLICA, SIZES, TWO_REPLICAS, noiseless, small_config

from ugvae_tf.config import Config, DataConfig, ModelConfig, TrainingConfig
from ugvae_tf.datasets.grouping import Grouping
from ugvae_tf.datasets.image_set import ImageSet
from ugvae_tf.errors import UserError
from ugvae_tf.models import MODELS, build_model
from ugvae_tf.training import fitting
from ugvae_tf.training.checkpoints import Checkpoints

SHAPE = (5, 3, 1)


def image_set(count: int, seed: int = 0) -> ImageSet:
    return ImageSet(np.random.default_rng(seed).integers(256, size=(count, *SHAPE), dtype=np.uint8), {})


TRAIN, HELD_OUT = image_set(43), image_set(17, seed=1)


def config(**changes) -> Config:
    """Seven steps of two groups of three an epoch."""
    return Config(
        data=DataConfig(group_size=3),
        model=ModelConfig(**SIZES),
        training=TrainingConfig(**{"groups_per_step": 2, "epochs": 3, "schedule": "cosine", **changes}),
    )


def compiled(settings: Config):
    """XLA takes seconds to compile what then runs for milliseconds: one test has it."""
    model = fitting.compiled_model(settings, SHAPE, TRAIN.steps_per_epoch(Grouping(3, 2)))
    model.jit_compile = False
    return model


def trained(settings: Config, **arguments):
    model = compiled(settings)
    fitting.fit(model, settings, TRAIN, HELD_OUT, **arguments)
    return model


@pytest.fixture(scope="module")
def uninterrupted():
    """A run from the first step to the last."""
    return trained(config())


def assert_same_weights(first, second, **tolerance):
    for one, other in zip(first.variables, second.variables, strict=True):
        np.testing.assert_allclose(one, other, err_msg=one.path, **{"rtol": 0, "atol": 0, **tolerance})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variant", "epochs"),
    [
        ({}, 3),
        ({"expert_variance": "shared"}, 1),
        *(({"model": name}, 1) for name in MODELS if name != "ug-vae"),
    ],
)
def test_two_replicas_equal_one(variant, epochs):
    """Plain gradient descent, as Adam would hide a wrong scale of the loss."""

    def run(strategy):
        with strategy.scope():
            keras.utils.set_random_seed(0)
            model = noiseless(build_model(small_config(observation_variance="learned", **variant), SHAPE))
            model.compile(optimizer=keras.optimizers.SGD(0.01), jit_compile=False, steps_per_execution=3)
            model.steps_per_epoch = 7  # of `config`
            model.build()
        before = [variable.numpy() for variable in model.trainable_variables]
        history = []
        keep = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: history.append(logs))
        fitting.fit(model, config(epochs=epochs), TRAIN, HELD_OUT, callbacks=[keep])
        moved = max(np.abs(old - new.numpy()).max() for old, new in zip(before, model.trainable_variables, strict=True))
        assert moved > 0.01
        return model, history

    (one, one_history), (two, two_history) = run(ONE_REPLICA), run(TWO_REPLICAS)
    assert_same_weights(one, two, rtol=1e-5, atol=1e-5)
    names = {"loss", "log_px", "kl_z", "kl_d", "kl_beta"} | ({"log_pz"} if "nested-vae" in variant.values() else set())
    assert len(one_history) == epochs and set(one_history[0]) == {
        f"{prefix}{name}" for prefix in ("", "val_") for name in names
    }
    for first, second in zip(one_history, two_history, strict=True):
        for name in first:
            np.testing.assert_allclose(first[name], second[name], rtol=1e-4, err_msg=name)


def test_the_reported_loss_is_the_mean_over_images_of_the_bound():
    """A group of two images beside groups of three: every image weighs the same."""
    keras.utils.set_random_seed(0)
    model = noiseless(build_model(small_config(), SHAPE))
    model.compile(optimizer="sgd", run_eagerly=True)
    groups = list(HELD_OUT.held_out_groups(Grouping(3, 1)))
    elbo = sum(float(model.elbo_terms(images, mask, None).elbo[0]) for images, mask in groups)
    validation = HELD_OUT.held_out_groups(Grouping(3, 2))
    reported = model.evaluate(validation, verbose=0, return_dict=True)
    np.testing.assert_allclose(reported["loss"], -elbo / len(HELD_OUT), rtol=1e-5)
    terms = reported["log_px"] - reported["kl_z"] - reported["kl_d"] - reported["kl_beta"]
    np.testing.assert_allclose(reported["loss"], -terms, rtol=1e-5)


@pytest.mark.slow
def test_one_seed_gives_the_same_weights_twice_and_another_seed_others(uninterrupted):
    second, other = trained(config()), trained(config(seed=1))
    assert_same_weights(uninterrupted, second)
    assert any(np.abs(one - two).max() > 0.01 for one, two in zip(second.variables, other.variables, strict=True))


@pytest.mark.slow
def test_training_lowers_the_loss():
    losses = []
    keep = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: losses.append(logs["val_loss"]))
    trained(config(epochs=30, learning_rate=0.01), callbacks=[keep])
    assert losses[-1] < losses[0] - 0.5


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stop", "precision"),
    [(7, "float32"), (10, "float32"), (10, "bfloat16")],
    ids=["between epochs", "within an epoch", "bfloat16"],
)
def test_a_resumed_run_ends_where_the_uninterrupted_one_does(tmp_path, uninterrupted, machine, stop, precision):
    machine("flags\t\t: avx512_bf16")

    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if int(self.model.optimizer.iterations) == stop:
                raise KeyboardInterrupt

    settings = config(precision=precision)
    interrupted = compiled(settings)
    interrupted.steps_per_execution = 1
    with pytest.raises(KeyboardInterrupt):
        fitting.fit(interrupted, settings, TRAIN, HELD_OUT, callbacks=[Stop()])
    Checkpoints(tmp_path, interrupted).save()
    resumed = compiled(settings)
    resumed.steps_per_execution = 3  # does not divide the steps that are left of the epoch
    checkpoints = Checkpoints(tmp_path, resumed)
    checkpoints.restore()
    assert checkpoints.step == stop
    fitting.fit(resumed, settings, TRAIN, HELD_OUT, first_step=stop)
    undisturbed = uninterrupted if precision == "float32" else trained(settings)
    assert_same_weights(resumed, undisturbed)
    assert_same_weights(resumed.optimizer, undisturbed.optimizer)


@pytest.mark.slow
def test_the_last_execution_of_an_epoch_has_the_steps_that_are_left(uninterrupted):
    model, steps = compiled(config()), []
    model.steps_per_execution = 3  # of seven

    def keep(*_, **__):
        steps.append(int(model.optimizer.iterations))

    fitting.fit(model, config(), TRAIN, HELD_OUT, callbacks=[keras.callbacks.LambdaCallback(on_train_batch_end=keep)])
    assert steps == [3, 6, 7, 10, 13, 14, 17, 20, 21]
    assert_same_weights(model, uninterrupted)


def test_groups_that_replicas_cannot_share_are_the_users_error():
    fitting.check_replicas(TWO_REPLICAS, 4)
    with pytest.raises(UserError, match=r"`groups_per_step=3` cannot be shared by 2 replicas: give a multiple of 2"):
        fitting.check_replicas(TWO_REPLICAS, 3)


def test_tf_config_that_describes_no_cluster_is_the_users_error(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", "{")
    with pytest.raises(UserError, match="TF_CONFIG"):
        fitting.make_strategy()


@pytest.mark.parametrize(
    ("settings", "steps", "pays"),
    [
        ({"training": {"epochs": 20}}, 421, True),
        ({"training": {"epochs": 2}}, 421, False),  # fewer steps than the compilation is worth
        ({"training": {"epochs": 20, "groups_per_step": 2}}, 421, False),
        ({"training": {"epochs": 20}, "model": {"body": "conv"}}, 421, False),
        ({"training": {"epochs": 20}, "model": {"hidden_units": 512}}, 421, False),
        ({"training": {"epochs": 20, "objective": "iwae", "importance_samples": 5}}, 421, False),
    ],
)
def test_xla_compiles_long_runs_of_small_dense_steps_on_one_replica(settings, steps, pays):
    parts = {name: getattr(Config(), name) for name in ("model", "training")}
    chosen = Config(**{name: replace(part, **settings.get(name, {})) for name, part in parts.items()})
    assert fitting.xla_pays(chosen, steps, ONE_REPLICA) == pays
    assert not fitting.xla_pays(chosen, steps, TWO_REPLICAS)


@pytest.mark.slow
def test_a_second_fit_compiles_nothing():
    """Python code of the model runs only while TensorFlow traces it."""
    settings, traced = config(epochs=1), []
    model = compiled(settings)
    bound = model.elbo_terms
    model.elbo_terms = lambda *arguments, **named: traced.append(1) or bound(*arguments, **named)
    fitting.fit(model, settings, TRAIN, HELD_OUT)
    first = len(traced)
    assert first >= 2  # training and validation
    fitting.fit(model, replace(settings, training=replace(settings.training, epochs=2)), TRAIN, HELD_OUT, first_step=7)
    assert len(traced) == first


@pytest.mark.slow
def test_xla_trains_to_the_same_weights():
    """Without noise, for which XLA has other random numbers."""
    models = []
    for xla in (False, True):
        model = noiseless(compiled(config(epochs=1)))
        model.jit_compile, model.steps_per_execution = xla, 3
        fitting.fit(model, config(epochs=1), TRAIN, HELD_OUT)
        models.append(model)
    assert_same_weights(*models, rtol=1e-3, atol=1e-4)
