"""Fitting a model under a distribution strategy."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import keras
import tensorflow as tf

from ugvae_tf.config import Config, TrainingConfig
from ugvae_tf.config.presets import model_config, of_body, preset
from ugvae_tf.datasets.grouping import Grouping
from ugvae_tf.datasets.image_set import ImageSet
from ugvae_tf.datasets.loading import shipped_shape
from ugvae_tf.datasets.streaming import StreamedSet
from ugvae_tf.errors import UserError
from ugvae_tf.models import build_model
from ugvae_tf.models.base import GroupModel
from ugvae_tf.models.gm_vae import GmVae
from ugvae_tf.models.inputs import ImageShape
from ugvae_tf.models.terms import Objective
from ugvae_tf.training.augmentation import augmented
from ugvae_tf.training.cpu_strategy import CpuStrategy
from ugvae_tf.training.fused_adam import FusedAdam
from ugvae_tf.training.tied_components import tie_components

CLUSTER = "cluster"  # name of the label with the most probable component of an exported model
# XLA compiles the training step for 2 to 6 s more, and gains 1 to 4 ms a step of one group of 128; with more images or
# hidden units it gains nothing (docs/speed.md).
XLA_MOST_IMAGES, XLA_MOST_UNITS, XLA_LEAST_STEPS = 128, 400, 4000
MOST_STEPS_PER_EXECUTION = 32  # between two updates of the progress bar
LEAST_UPDATES = 8  # of the bar in an epoch


def make_strategy() -> tf.distribute.Strategy:
    """MirroredStrategy over all GPUs or one CPU; with TF_CONFIG in the environment, over several workers."""
    if "TF_CONFIG" not in os.environ:
        if tf.config.list_logical_devices("GPU"):
            return tf.distribute.MirroredStrategy()
        # The default packs all gradients for a collective operation, which one device does not need.
        return CpuStrategy(cross_device_ops=tf.distribute.ReductionToOneDevice())
    try:
        json.loads(os.environ["TF_CONFIG"])
        return tf.distribute.MultiWorkerMirroredStrategy()
    except (ValueError, KeyError) as error:
        raise UserError(f"TF_CONFIG in the environment does not describe a cluster: {error}.") from error


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process writes the run folder: the only one, or worker 0."""
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return True
    resolver = strategy.cluster_resolver
    has_chief = "chief" in resolver.cluster_spec().jobs
    return resolver.task_type == "chief" or (resolver.task_id == 0 and not has_chief)


def check_replicas(strategy: tf.distribute.Strategy, groups_per_step: int) -> None:
    """Raise UserError unless every replica gets the same number of whole groups."""
    replicas = strategy.num_replicas_in_sync
    if groups_per_step % replicas:
        raise UserError(
            f"`groups_per_step={groups_per_step}` cannot be shared by {replicas} replicas: "
            f"give a multiple of {replicas}."
        )


def from_preset(name: str, image_shape: ImageShape | None = None, **settings: Any) -> GroupModel:
    """A model with a preset's settings, not compiled.

    Args:
        image_shape: (H, W, C); by default that of the preset's data set, if that ships.
        settings: fields of `ModelConfig` that replace the preset's.

    Raises:
        UserError: the preset or a setting is unknown, or `image_shape` is missing for a data set that does not ship.
    """
    config = preset(name)
    if image_shape is None:
        image_shape = shipped_shape(config.data)
    like = of_body(config.model, settings.get("body"))
    of_preset = {name: value for name, value in asdict(like).items() if name != "model"}
    model = model_config(config.model.model, of_preset | settings)
    return build_model(model, image_shape, config.training.seed)


def grouping_of(config: Config) -> Grouping:
    """The grouping of a configuration."""
    data, training = config.data, config.training
    label = CLUSTER if data.group_by_clusters else data.group_by
    sizes = data.min_group_size, data.smallest_group
    return Grouping(data.group_size, training.groups_per_step, training.seed, label, *sizes)


def compiled_model(
    config: Config, image_shape: tuple[int, int, int], steps: int, xla: bool | None = None
) -> GroupModel:
    """A compiled model with all variables of model and optimiser; call this in the strategy's scope.

    Args:
        steps: steps per epoch.
        xla: whether XLA compiles the training step: as before in a resumed run (default: where it saves time).
    """
    keras.utils.set_random_seed(config.training.seed)
    model = build_model(config.model, image_shape, config.training.seed)
    model.training_objective = _objective(config.training, steps)
    is_one_machine = not isinstance(model.distribute_strategy, tf.distribute.MultiWorkerMirroredStrategy)
    model.steps_per_epoch = steps if is_one_machine else None  # with several workers a loop of steps fails
    xla = xla_pays(config, steps, model.distribute_strategy) if xla is None else xla
    adam = keras.optimizers.Adam if xla else FusedAdam  # XLA fuses the operations of Keras's
    model.compile(
        optimizer=adam(_learning_rate(config.training, steps)),
        jit_compile=xla,
        steps_per_execution=_steps_per_execution(steps) if is_one_machine else 1,
        precision=config.training.precision,
    )
    model.build()
    model.optimizer.build(model.trainable_variables)
    if isinstance(model, GmVae) and config.training.pre_training:
        tie_components(model, config.training.pre_training * steps)
    return model


def _objective(training: TrainingConfig, steps: int) -> Objective:
    samples = training.importance_samples if training.objective == "iwae" else None
    return Objective(
        importance_samples=samples,
        gradient_samples=training.gradient_samples,
        warm_up_steps=training.warm_up * steps,
        pixel_dropout=training.pixel_dropout,
    )


def _learning_rate(training: TrainingConfig, steps: int) -> float | keras.optimizers.schedules.LearningRateSchedule:
    if training.schedule == "constant":
        return training.learning_rate
    decay = steps * max(1, training.epochs)  # a run of no epoch has the optimiser of the run that resumes it
    return keras.optimizers.schedules.CosineDecay(training.learning_rate, decay, alpha=0.01)


def _steps_per_execution(steps: int) -> int:
    """As many as leave some updates of the bar in an epoch of `steps`."""
    return min(MOST_STEPS_PER_EXECUTION, max(1, steps // LEAST_UPDATES))


def xla_pays(config: Config, steps: int, strategy: tf.distribute.Strategy) -> bool:
    """Whether XLA saves more time in a run of `steps` an epoch than it takes to compile.

    It speeds up small steps of small dense networks only (docs/speed.md), and fails to place variables on several
    replicas.
    """
    model, training = config.model, config.training
    small = model.body != "conv" and model.hidden_units <= XLA_MOST_UNITS
    possible = small and strategy.num_replicas_in_sync == 1
    decoded = config.data.group_size * training.groups_per_step
    decoded *= training.importance_samples + (training.gradient_samples or 0) if training.objective == "iwae" else 1
    return possible and decoded <= XLA_MOST_IMAGES and steps * training.epochs >= XLA_LEAST_STEPS


def fit(
    model: GroupModel,
    config: Config,
    train: ImageSet | StreamedSet,
    validation: ImageSet,
    first_step: int = 0,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> None:
    """Train from `first_step` to the last epoch, with a validation in every epoch; callbacks write what is shown.

    Keras's `batch` at the end of an epoch can be beyond its steps: `executions.steps_done` is their number.
    """
    grouping, training = grouping_of(config), config.training
    steps, validation_groups = train.steps_per_epoch(grouping), validation.held_out_groups(grouping)
    first_epoch, done = divmod(first_step, steps)
    # A run that was stopped within an epoch first completes it with the remaining steps.
    spans = [(first_epoch, first_epoch + 1, steps - done)] if done else []
    spans.append((first_epoch + len(spans), training.epochs, steps))
    for begin, end, length in spans:
        if begin == end:
            continue
        last_step = first_step + (end - begin) * length
        groups = train.training_steps(replace(grouping, first_step=first_step, last_step=last_step))
        model.fit(
            augmented(groups, training.augmentation, training.seed, first_step),
            initial_epoch=begin,
            epochs=end,
            steps_per_epoch=length,
            validation_data=validation_groups,
            callbacks=list(callbacks),
            shuffle=False,
            verbose=0,
        )
        if model.stop_training:
            return
        first_step = last_step
