"""Which configurations can be trained; the flags are named as they are typed. Without TensorFlow."""

from ugvae_tf.config import EXTENSIONS, MIN_PIXEL_STDDEV, Config, ModelConfig
from ugvae_tf.errors import UserError


def validate(config: Config) -> None:
    """Raise UserError, naming the flag, for a value that no run can have."""
    at_least_one = {
        "--group-size": config.data.group_size,
        "--hidden-units": config.model.hidden_units,
        "--local-size": config.model.local_size,
        "--components": config.model.components,
        "--epochs": config.training.epochs,
        "--groups-per-step": config.training.groups_per_step,
    }
    above_zero = {
        "--memory-limit": config.data.memory_limit,
        "--pixel-variance": config.model.pixel_variance,
        "--learning-rate": config.training.learning_rate,
    }
    for flag, count in at_least_one.items():
        if count < 1:
            raise UserError(f"{flag} must be at least 1, not {count}.")
    for flag, number in above_zero.items():
        if not 0 < number < float("inf"):
            raise UserError(f"{flag} must be a number above 0, not {number}.")
    if config.data.image_size is not None and config.data.image_size < 1:
        raise UserError(f"--image-size must be at least 1, not {config.data.image_size}.")
    if config.data.mixture is not None:
        _ = config.data.proportions
    if config.model.pixel_variance < MIN_PIXEL_STDDEV**2:
        raise UserError(f"--pixel-variance must be at least {MIN_PIXEL_STDDEV**2:.1e}, one grey level squared.")
    if config.model.body == "mlp" and config.model.normalisation != "none":
        raise UserError(f"--normalisation {config.model.normalisation} needs --body conv: mlp normalises nothing.")
    if not 0 <= config.training.seed < 2**31:
        raise UserError(f"--seed must lie between 0 and 2147483647, not {config.training.seed}.")
    _validate_family(config.model)
    if config.data.group_by is not None and config.data.mixture is not None:
        raise UserError(
            f"--group-by and --mixture {config.data.mixture} both say what a group is made of: "
            f"leave --group-by out, or add --mixture None."
        )
    if config.model.model == "nested-vae" and config.data.group_size < 2:
        raise UserError("nested-vae pairs the images of a group: give a --group-size of 2 or more.")


def _validate_family(model: ModelConfig) -> None:
    """Raise UserError for a setting that the model does not have."""
    if model.has_beta and model.global_size < 1:
        raise UserError(f"--global-size must be at least 1, not {model.global_size}.")
    if not model.has_beta and model.global_size:
        raise UserError(f"{model.model} has no beta: leave out --global-size.")
    if not model.has_mixture and model.components != 1:
        raise UserError(f"{model.model} has no mixture: leave out --components.")
    for name, models in EXTENSIONS.items():
        value = getattr(model, name)
        if value != getattr(ModelConfig, name) and model.model not in models:
            flag = f"--{name.replace('_', '-')}" + ("" if value is True else f" {value}")
            raise UserError(f"{model.model} cannot have {flag}, which is for {' and '.join(models)}: leave it out.")
    if model.prior_units is not None and model.prior_units < 1:
        raise UserError(f"--prior-units must be at least 1, not {model.prior_units}.")
    if model.model != "beta-vae" and model.kl_weight != 1:
        raise UserError(f"--kl-weight must be 1, not {model.kl_weight}: {model.model} has no weight to tune.")
    if not 0 <= model.kl_weight < float("inf"):
        raise UserError(f"--kl-weight must be a number of at least 0, not {model.kl_weight}.")
