"""The model card: data, training, versions, limits and trust, from the configuration of an export.

Without TensorFlow.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ugvae_tf.config import EXTENSIONS, NO_PRESET, UNKNOWN_DATA, Config, DataConfig, ModelConfig, from_content
from ugvae_tf.datasets import catalogue
from ugvae_tf.serving import card_limits, checksums, saved_model

NAME = Path("MODEL_CARD.md")  # beside saved_model.pb; the loader of TensorFlow reads the files that it has names for
TRUST = (
    "Load only models that you trust: a SavedModel is a program. Its operations can read and write files and use the "
    "network. Checksums show damage, not who made the files."
)
KINDS = {
    "ug-vae": "Unsupervised Global VAE: z and a component d for each image, beta for each group",
    "ml-vae": "ML-VAE: z for each image, beta for each group",
    "gm-vae": "Gaussian mixture VAE: z and a component d for each image; groups have no variable",
    "vae": "VAE: z for each image; groups have no variable",
    "beta-vae": "beta-VAE: z for each image, weighted KL terms; groups have no variable",
    "nested-vae": "NestedVAE: z for each image, beta for each group; the decoder takes z only",
}


class Card(NamedTuple):
    """The facts of a model."""

    title: str
    facts: dict[str, dict[str, str]]  # title of a section -> name of a fact -> the fact
    limits: list[str]


def card_of(content: Mapping[str, Any], weights: int | None = None) -> Card:
    """The card of a model.

    Args:
        content: of config.json. Provenance that an older version did not record is left out.
        weights: bytes.

    Raises:
        UserError: the content is not that of a configuration.
    """
    config = from_content(content)
    facts = {
        "Model": _model(config.model, content, weights),
        "Data": _data(config.data, content),
        "Training": _training(config),
        "Versions": {name: str(version) for name, version in content.get("versions", {}).items()},
    }
    images = "arrays" if config.data.dataset == UNKNOWN_DATA else config.data.dataset
    return Card(f"{config.model.model} on {images}", facts, card_limits.limits(config, _size(content)))


def markdown(card: Card) -> str:
    """The text of MODEL_CARD.md."""
    lines = [f"# Model card: {card.title}", "", f"**Trust.** {TRUST}"]
    for title, facts in card.facts.items():
        if facts:
            lines += ["", f"## {title}", "", *(f"- {name}: {fact}" for name, fact in facts.items())]
    return "\n".join([*lines, "", "## Limits", "", *(f"- {limit}" for limit in card.limits), ""])


def write(version: Path) -> None:
    """Put MODEL_CARD.md into the folder of a version, and its checksum into the list if there is one."""
    text = markdown(card_of(saved_model.read_config(version), saved_model.weights_size(version)))
    with checksums.replaced(version, NAME):
        (version / NAME).write_text(text, encoding="utf-8")


def _size(content: Mapping[str, Any]) -> str:
    return "x".join(str(side) for side in content.get("image_shape", ()))


def _model(model: ModelConfig, content: Mapping[str, Any], weights: int | None) -> dict[str, str]:
    sizes = [
        f"K = {model.components} components d" if model.has_mixture else "",
        f"L = {model.local_size} dimensions of z",
        f"M = {model.global_size} dimensions of beta" if model.has_beta else "",
    ]
    facts = {
        "Kind": KINDS[model.model],
        "Sizes": ", ".join(filter(None, sizes)),
        "Networks": f"{model.body}, {model.hidden_units} hidden units, {model.likelihood} likelihood",
        "Images": f"groups of {_size(content)} images in [0, 1]" if _size(content) else "",
        "Weights": f"{weights / 1e6:.1f} MB, float32" if weights else "",
    }
    return {name: fact for name, fact in facts.items() if fact}


def _data(data: DataConfig, content: Mapping[str, Any]) -> dict[str, str]:
    facts = {}
    for name in data.domains if data.dataset != UNKNOWN_DATA else ():
        facts[name] = catalogue.SHIPPED.get(name, "does not ship with ugvae_tf")
        facts[f"Licence of {name}"] = catalogue.licence(name)
    facts = facts or {"Images and licence": "not recorded: the model was trained on arrays"}
    counts = {"training": "training_images", "validation": "validation_images", "held-out": "held_out_images"}
    known = [f"{content[name]:,} {kind}" for kind, name in counts.items() if content.get(name)]
    if known:
        facts["Numbers of images"] = ", ".join(known)
    if content.get("data_checksum"):
        facts["Checksum of the training images"] = str(content["data_checksum"])
    return facts


def _training(config: Config) -> dict[str, str]:
    training, beyond = config.training, ", ".join(_beyond(config.model)) or "none"
    if config.preset == NO_PRESET:
        return {"Settings": "not recorded: the model was trained in Python", "Settings beyond the paper": beyond}
    steps = f"{training.groups_per_step} group{'s' * (training.groups_per_step > 1)} in a step"
    numbers = "" if training.precision == "float32" else f", steps in {training.precision}"
    return {
        "Groups": card_limits.groups(config.data),
        **_augmentation(training.augmentation),
        "Objective": _objective(config),
        "Length": f"{training.epochs} epochs, {steps}",
        "Optimiser": f"Adam, learning rate {training.learning_rate:g}, {training.schedule} schedule{numbers}",
        "Preset and seed": f"{config.preset}, seed {training.seed}",
        "Settings beyond the paper": beyond,
    }


def _augmentation(share: float) -> dict[str, str]:
    return {"Augmentation": f"one random slant and stretch for each of {share:.0%} of the groups"} if share else {}


def _objective(config: Config) -> str:
    training, weight = config.training, config.model.kl_weight
    is_elbo = training.objective == "elbo"
    bound = "ELBO" if is_elbo else f"importance-weighted bound, {training.importance_samples} samples of every z"
    if training.gradient_samples and not is_elbo:
        bound += f", the gradient of {training.gradient_samples} of them"
    if training.pixel_dropout:
        bound += f", a random {training.pixel_dropout:.3g} of the pixels of the encoder's input set to 0"
    weighted = f", KL terms times {weight:g}" if config.model.model == "beta-vae" else ""
    return bound + weighted + (f", KL terms rising in the first {training.warm_up} epochs" if training.warm_up else "")


def _beyond(model: ModelConfig) -> list[str]:
    """The settings that are not the paper's."""
    return [
        f"{name} = {getattr(model, name)}"
        for name, models in EXTENSIONS.items()
        if model.model in models and name != "prior_units" and getattr(model, name) != getattr(ModelConfig, name)
    ]
