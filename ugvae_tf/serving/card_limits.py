"""The limits of a model, as sentences: each holds for the configuration that it is chosen by."""

from ugvae_tf.config import NO_PRESET, UNKNOWN_DATA, Config, DataConfig, ModelConfig
from ugvae_tf.datasets import catalogue

PEOPLE = "The model is for research on groups of images. It is not for decisions about people."


def groups(data: DataConfig) -> str:
    """The groups that the model was trained on."""
    size = str(data.group_size) if data.smallest_group is None else f"{data.smallest_group} to {data.group_size}"
    if data.group_by is not None:
        return f"{size} images with the same value of the label '{data.group_by}'"
    if data.group_by_clusters is not None:
        return f"{size} images of one cluster of another model"
    return f"{size} random images, without labels"


def limits(config: Config, size: str) -> list[str]:
    """One sentence for each limit.

    Args:
        size: of an image, such as 28x28x1; empty if it is unknown.
    """
    is_recorded = config.preset != NO_PRESET
    sentences = {
        **_of_data(config.data, size or "of one size"),
        **(_of_training(config) if is_recorded else {}),
        **_of_model(config.model),
        PEOPLE: True,
    }
    return [sentence for sentence, holds in sentences.items() if holds]


def _of_data(data: DataConfig, size: str) -> dict[str, bool]:
    known, stand_ins = data.dataset != UNKNOWN_DATA, [name for name in data.domains if name in catalogue.STAND_INS]
    whose = f" from {' and '.join(data.domains)}" if known else ""
    return {
        f"The images of training were {size}{whose}. Images of another kind are encoded too, but nothing was measured "
        "on them.": True,
        f"Stand-in for a data set of the paper, and not that data set: {' and '.join(stand_ins)}.": bool(stand_ins),
    }


def _of_training(config: Config) -> dict[str, bool]:
    is_random = config.data.group_by is None and config.data.group_by_clusters is None
    return {
        "The model has its initial weights: it is a floor for comparisons.": config.training.epochs == 0,
        f"The groups of training were {groups(config.data)}. Codes of other groups are computed in the same way, but "
        "may be worse.": True,
        "Random groups differ in their composition only, so beta describes the composition.": (
            config.model.has_beta and is_random
        ),
        "No images were held back for validation, so settings may have been chosen on the held-out images.": (
            config.training.validation_share == 0
        ),
    }


def _of_model(model: ModelConfig) -> dict[str, bool]:
    return {
        "p(d) is uniform: images generated from beta do not have the composition of the group.": (
            model.has_beta and model.has_mixture and model.component_prior == "uniform"
        ),
        "p(beta) is N(0, I) and not fitted to the betas of groups: images generated from beta ~ p(beta) can be worse "
        "than those generated from the beta of a group.": model.has_beta and model.global_prior == "standard",
        "Decoded images are means of p(x | z, beta), which are less sharp than real images.": (
            model.likelihood == "gaussian"
        ),
    }
