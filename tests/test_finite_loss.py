"""A loss that is not a finite number ends training, and is never exported."""

import keras
import numpy as np
import pytest
from small_models import new_model, random_images

from ugvae_tf.config import Config, ModelConfig, TrainingConfig
from ugvae_tf.errors import UserError
from ugvae_tf.serving import export
from ugvae_tf.training.finite_loss import StopAtNonFiniteLoss, advice

IMAGES = random_images(2, 3)


class Epochs(keras.callbacks.Callback):
    """The epochs whose end later callbacks see."""

    seen = ()

    def on_epoch_end(self, epoch, logs=None):
        self.seen = (*self.seen, epoch)


@pytest.mark.parametrize(("value", "shown"), [(np.nan, "nan"), (np.inf, "nan|inf")])
def test_the_first_loss_that_is_not_finite_ends_training_before_anything_is_written(value, shown):
    model, later = new_model(), Epochs()
    model.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    model.trainable_variables[0].assign(model.trainable_variables[0] * 0 + value)
    with pytest.raises(UserError, match=rf"The loss is -?({shown}) at step 1: start the run again with a smaller"):
        model.fit(IMAGES, verbose=0, epochs=3, callbacks=[StopAtNonFiniteLoss(Config()), later])
    assert later.seen == ()


def test_weights_that_the_last_step_of_an_epoch_made_infinite_are_found_by_the_validation():
    model, later = new_model(), Epochs()
    model.compile(keras.optimizers.SGD(1e38), run_eagerly=True)
    callbacks = [StopAtNonFiniteLoss(Config()), later]
    with pytest.raises(UserError, match=r"The validation loss is -?(nan|inf) at step 1"):
        model.fit(IMAGES, validation_data=IMAGES, verbose=0, callbacks=callbacks)
    assert later.seen == ()


def test_the_advice_has_only_settings_that_the_model_has():
    training = TrainingConfig(learning_rate=0.5)
    beta = Config(model=ModelConfig("beta-vae", pixel_variance=0.3, kl_weight=4.0), training=training)
    assert advice(beta) == (
        "start the run again with a smaller `learning_rate` than 0.5, or a larger `pixel_variance` than 0.3, "
        "or a smaller `kl_weight` than 4"
    )
    bernoulli = Config(model=ModelConfig(likelihood="bernoulli"), training=training)
    assert advice(bernoulli) == "start the run again with a smaller `learning_rate` than 0.5"


def test_weights_that_are_not_finite_are_not_exported(tmp_path):
    model = new_model()
    model.trainable_variables[-1].assign(model.trainable_variables[-1] + np.inf)
    with pytest.raises(UserError, match="is not finite, so the model is not exported"):
        export.export(model, tmp_path / "mine")
    assert not list((tmp_path / "mine").iterdir())
