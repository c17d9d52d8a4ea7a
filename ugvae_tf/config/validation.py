"""Validation of configurations. Without TensorFlow."""

from collections.abc import Mapping

from ugvae_tf.config import EXTENSIONS, MIN_PIXEL_STDDEV, Config, DataConfig, ModelConfig, TrainingConfig
from ugvae_tf.errors import UserError

LARGEST = 1e30  # of a number: its square, too, is finite in double precision, and itself in float32
MOST_OF_ANY = 10**6  # of a whole number
MOST = dict.fromkeys(("hidden_units", "prior_units", "local_size", "global_size", "image_size"), 2**14)


def size_range(group_size: int | tuple[int, int]) -> tuple[int | None, int]:
    """The range of sizes: (None, B) if all groups have B images.

    Raises:
        UserError: the range is empty.
    """
    if isinstance(group_size, int):
        return None, group_size
    smallest, largest = group_size
    if not 1 <= smallest <= largest:
        raise UserError(f"`group_size={smallest}-{largest}` is impossible: give 1 or more, the smaller number first.")
    return smallest, largest


def validate(config: Config) -> None:
    """Raise UserError, naming the setting, for an invalid value."""
    _validate_data(config.data)
    validate_model(config.model)
    _validate_training(config.training)
    _validate_objective(config.model, config.training)
    _validate_start(config.model, config.training)
    if config.training.augmentation and config.model.likelihood == "bernoulli":
        raise UserError("`augmentation` makes pixels grey, which `likelihood=bernoulli` excludes: leave it out.")
    if config.training.validation == "groups" and config.data.group_by is None:
        raise UserError("`validation=groups` holds back values of a label: give `group_by`, or `validation=images`.")
    padded = config.data.group_by or config.data.group_by_clusters or config.data.smallest_group
    if config.model.normalisation == "batch" and padded:
        raise UserError(
            "Groups by a label or a cluster, or of random sizes, are padded, and `normalisation=batch` would count the "
            "padding as images: give `normalisation=group`."
        )
    if config.model.model == "nested-vae" and (config.data.smallest_group or config.data.group_size) < 2:
        raise UserError("nested-vae pairs the images of a group: give a `group_size` of 2 or more.")


def validate_model(model: ModelConfig) -> None:
    """Raise UserError, naming the setting, for a value that is invalid or not available in this model."""
    _at_least_one({name: getattr(model, name) for name in ("hidden_units", "local_size", "components")})
    _above_zero({"pixel_variance": model.pixel_variance})
    if model.pixel_variance < MIN_PIXEL_STDDEV**2:
        raise UserError(f"`pixel_variance` must be at least {MIN_PIXEL_STDDEV**2:.1e}, one grey level squared.")
    if model.body != "conv" and model.normalisation != "none":
        raise UserError(f"`normalisation={model.normalisation}` needs `body=conv`: {model.body} has no normalisation.")
    if model.has_beta:
        _at_least_one({"global_size": model.global_size})
    if not model.has_beta and model.global_size:
        raise UserError(f"{model.model} has no beta: leave out `global_size`.")
    if not model.has_mixture and model.components != 1:
        raise UserError(f"{model.model} has no mixture: leave out `components`.")
    _validate_extensions(model)
    if model.model != "beta-vae" and model.kl_weight != 1:
        raise UserError(f"`kl_weight` must be 1, not {model.kl_weight}: {model.model} has no weight to tune.")
    if not 0 <= model.kl_weight < LARGEST:
        raise UserError(f"`kl_weight` must be a number of at least 0 and below {LARGEST:g}, not {model.kl_weight}.")


def _validate_extensions(model: ModelConfig) -> None:
    """Raise UserError for a setting beyond the paper that this model cannot have."""
    for name, models in EXTENSIONS.items():
        value = getattr(model, name)
        if value != getattr(ModelConfig, name) and model.model not in models:
            setting = name if value is True else f"{name}={value}"
            raise UserError(
                f"{model.model} cannot have `{setting}`, which is for {' and '.join(models)}: leave it out."
            )
    if model.decoder_beta == "film" and model.body == "gated":
        raise UserError("`decoder_beta=film` is for `body=mlp` and `body=conv`: leave it out.")
    if model.prior_units is not None:
        _at_least_one({"prior_units": model.prior_units})


def _validate_data(data: DataConfig) -> None:
    _at_least_one({"group_size": data.group_size, "min_group_size": data.min_group_size})
    if (data.group_by or data.group_by_clusters) and data.min_group_size > data.group_size:
        raise UserError(
            f"`min_group_size={data.min_group_size}` is above `group_size={data.group_size}`, so no group would be "
            "left: give a smaller one, or larger groups."
        )
    if data.smallest_group is not None:
        size_range((data.smallest_group, data.group_size))
    _above_zero({"memory_limit": data.memory_limit})
    if data.image_size is not None:
        _at_least_one({"image_size": data.image_size})
    if data.mixture is not None:
        _ = data.proportions
    chosen = [name for name in ("group_by", "group_by_clusters", "mixture") if getattr(data, name) is not None]
    if len(chosen) > 1:
        raise UserError(f"`{chosen[0]}` and `{chosen[1]}` both define which images share a group: give one of them.")


def _validate_objective(model: ModelConfig, training: TrainingConfig) -> None:
    """Raise UserError for an objective that this model cannot be trained with."""
    _at_least_one({"importance_samples": training.importance_samples})
    if not 0 <= training.warm_up <= MOST_OF_ANY:
        raise UserError(f"`warm_up` must be at least 0 and at most {MOST_OF_ANY}, not {training.warm_up}.")
    if training.warm_up and model.model == "nested-vae":
        raise UserError("nested-vae has no `warm_up`: leave it out.")
    if not 0 <= training.pixel_dropout < 1:
        raise UserError(
            f"`pixel_dropout` is a share of the pixels, at least 0 and less than 1, not {training.pixel_dropout}."
        )
    if training.objective == "elbo":
        if training.importance_samples != 1:
            raise UserError("`importance_samples` are for `objective=iwae`: give both, or leave both out.")
        if training.gradient_samples not in (None, 1):
            raise UserError("`gradient_samples` are for `objective=iwae`: give both, or give `gradient_samples=1`.")
        return
    samples, of_gradient = training.importance_samples, training.gradient_samples
    if of_gradient is not None and not 1 <= of_gradient <= samples:
        raise UserError(
            f"`gradient_samples` must be at least 1 and at most `importance_samples`, which is {samples}, "
            f"not {of_gradient}."
        )
    if model.has_beta or model.model == "beta-vae":
        raise UserError(f"`objective=iwae` is for vae and gm-vae, not for {model.model}.")
    if model.has_mixture and model.component_posterior == "network":
        raise UserError(
            "`objective=iwae` sums d out and trains no network of q(d): give `component_posterior=optimal`."
        )


def _validate_start(model: ModelConfig, training: TrainingConfig) -> None:
    """Raise UserError for a start of the components that this model cannot have."""
    start = f"component_start={training.component_start}"
    if training.component_start == "random":
        if training.pre_training:
            raise UserError(
                "`pre_training` needs `component_start=mixture` or `component_start=neighbours`: give both, or neither."
            )
        return
    if model.model != "gm-vae" or model.component_posterior != "optimal":
        raise UserError(f"`{start}` is for gm-vae with `component_posterior=optimal`: give both, or leave it out.")
    _at_least_one({"pre_training": training.pre_training})
    if training.pre_training >= training.epochs > 0:
        raise UserError(f"`pre_training={training.pre_training}` is not below `epochs`: no epoch is left after it.")


def _validate_training(training: TrainingConfig) -> None:
    if not 0 <= training.epochs <= MOST_OF_ANY:
        raise UserError(f"`epochs` must be at least 0 and at most {MOST_OF_ANY}, not {training.epochs}.")
    if training.epochs == 0 and training.early_stopping is not None:
        raise UserError("`epochs=0` trains nothing that `early_stopping` could stop: leave it out.")
    _at_least_one({"groups_per_step": training.groups_per_step})
    _above_zero({"learning_rate": training.learning_rate})
    if not 0 <= training.validation_share < 1:
        raise UserError(f"`validation_share` must be at least 0 and below 1, not {training.validation_share}.")
    if training.early_stopping is not None:
        _at_least_one({"early_stopping": training.early_stopping})
        if training.validation_share == 0:
            raise UserError("`early_stopping` needs images to validate on: give a `validation_share` above 0.")
    if not 0 <= training.augmentation <= 1:
        raise UserError(f"`augmentation` is a share of the groups, from 0 to 1, not {training.augmentation}.")
    if not 0 <= training.seed < 2**31:
        raise UserError(f"`seed` must lie between 0 and 2147483647, not {training.seed}.")


def _at_least_one(counts: Mapping[str, int]) -> None:
    for name, count in counts.items():
        if count < 1:
            raise UserError(f"`{name}` must be at least 1, not {count}.")
        if count > MOST.get(name, MOST_OF_ANY):
            raise UserError(f"`{name}` must be at most {MOST.get(name, MOST_OF_ANY)}, not {count}.")


def _above_zero(numbers: Mapping[str, float]) -> None:
    for name, number in numbers.items():
        if not 0 < number < LARGEST:
            raise UserError(f"`{name}` must be a number above 0 and below {LARGEST:g}, not {number}.")
