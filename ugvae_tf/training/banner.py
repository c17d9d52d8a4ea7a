"""What a run is about to do, in five lines."""

from textwrap import fill
from typing import NamedTuple

from ugvae_tf.config import Config, ModelConfig, presets
from ugvae_tf.config.record import changed
from ugvae_tf.serving.shipped import is_shipped
from ugvae_tf.training.run_folder import RunFolder

WIDTH = 79


class Sizes(NamedTuple):
    """The numbers of a run."""

    images: int  # to train on
    validated: int
    image_shape: tuple[int, int, int]
    steps: int  # of an epoch
    parameters: int


def banner(config: Config, folder: RunFolder, sizes: Sizes) -> str:
    """Data, preset, groups, parameters and folder; a line that is too long is wrapped."""
    shape = "x".join(map(str, sizes.image_shape))
    validated = "validation" if config.training.validation_share else "held-out"
    lines = [
        f"Data:    {config.data.dataset}, {shape}: {sizes.images:,} training images, "
        f"{sizes.validated:,} {validated} images",
        f"Preset:  {_preset(config)}",
        f"Groups:  {_groups(config)}, {config.training.groups_per_step} a step; {sizes.steps:,} steps an epoch",
        f"Model:   {_model(config.model)}; {sizes.parameters:,} parameters",
        f"Folder:  {_versions(folder)}",
    ]
    return "\n".join(fill(line, WIDTH, subsequent_indent=" " * 9, break_on_hyphens=False) for line in lines)


def _preset(config: Config) -> str:
    """Its name, the settings of the training, and those that the flags changed."""
    training = config.training
    if config.preset not in presets.PRESETS:
        return f"{config.preset}, which this version of ugvae_tf does not have, {training.epochs} epochs"
    names = changed(presets.of_model(presets.preset(config.preset), config.model.model), config)
    other = f"; not those of the preset: {', '.join(names)}" if names else ""
    return f"{config.preset}, {training.epochs} epochs, rate {training.learning_rate:g} {training.schedule}{other}"


def _groups(config: Config) -> str:
    data = config.data
    sizes = f"{data.group_size}" if data.smallest_group is None else f"{data.smallest_group}-{data.group_size}"
    if data.group_by_clusters:
        return f"at most {sizes} images of one cluster"
    return f"at most {sizes} images of one {data.group_by}" if data.group_by else f"{sizes} random images"


def _model(model: ModelConfig) -> str:
    parts = [model.model, f"{model.body} {model.hidden_units}", f"z {model.local_size}"]
    parts += [f"beta {model.global_size}"] if model.has_beta else []
    parts += [f"{model.components} components"] if model.has_mixture else []
    return ", ".join(parts)


def _versions(folder: RunFolder) -> str:
    found = folder.versions()
    if not found:
        return f"{folder.path}; this run exports version 1"
    ships = [version for version in found if is_shipped(folder.path, version)]
    held = f"version {found[-1]}" if len(found) == 1 else f"versions {', '.join(map(str, found))}"
    held = f"version {ships[-1]}, which ships" if ships else held
    return f"{folder.path} holds {held}; this run adds version {found[-1] + 1}"
