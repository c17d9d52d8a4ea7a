"""Presets: named hyper-parameters, with a default preset for each data set."""

import difflib
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from ugvae_tf.config import EXTENSIONS, Config, DataConfig, ModelConfig, ModelName, TrainingConfig
from ugvae_tf.config.validation import validate_model
from ugvae_tf.errors import UserError

HIGGINS_WEIGHT = 4.0  # default kl_weight of beta-VAE: above 1, as in Higgins et al. 2017, who prescribe no value

# Ours for 28x28, selected on validation images (docs/results.md): shared experts for the information of beta about a
# group, and a learned p(beta) so that groups can be generated from it.
MNIST = Config(
    preset="mnist",
    model=ModelConfig(
        hidden_units=512,
        global_size=100,
        components=40,
        prior_units=128,
        observation_variance="learned",
        pixel_variance=0.05,
        expert_variance="shared",
        global_prior="learned",
    ),
    training=TrainingConfig(epochs=12, groups_per_step=2, learning_rate=3e-3, schedule="cosine"),
)

# Groups by a label whose values differ in their components: p(d | beta) is the composition of an album.
ALBUMS = replace(
    MNIST,
    preset="mnist-albums",
    data=DataConfig("mnist-albums", group_by="album"),
    model=replace(MNIST.model, components=80, component_prior="beta", prior_expert=True, expert_variance="bounded"),
    training=replace(MNIST.training, epochs=20, validation="groups"),
)

# Groups by a label whose images have a style in common: the glyphs of a font (docs/groups.md).
GLYPHS = Config(
    preset="glyphs",
    data=DataConfig("glyphs", group_size=10, group_by="font"),
    model=ModelConfig(
        body="gated",
        hidden_units=512,
        prior_units=128,
        local_size=8,
        global_size=64,
        components=70,
        observation_variance="learned",
        pixel_variance=0.05,
        expert_variance="free",
        expert_subset="random",
        component_kernel="glorot",
        component_posterior="optimal",
    ),
    training=TrainingConfig(
        epochs=20,
        groups_per_step=25,
        learning_rate=2e-3,
        schedule="cosine",
        augmentation=1.0,
        validation="groups",
    ),
)


def _ours(name: str, dataset: str, epochs: int, **training: Any) -> Config:
    """Ours for 64x64 pixels in colour: groups of 32 give four times as many steps as groups of 128 in the same time."""
    return Config(
        preset=name,
        data=DataConfig(dataset, image_size=64, group_size=32),
        model=ModelConfig(
            body="conv",
            normalisation="batch",
            local_size=20,
            global_size=50,
            components=20,
            observation_variance="learned",
            pixel_variance=0.05,
            expert_variance="bounded",
        ),
        training=TrainingConfig(epochs=epochs, learning_rate=1e-3, schedule="cosine", **training),
    )


def _by_label(random: Config, label: str) -> Config:
    """The same for groups of images with one value of a label, chosen on views of objects (docs/groups.md)."""
    return replace(
        random,
        data=replace(random.data, group_size=8, group_by=label),
        model=replace(
            random.model,
            normalisation="group",
            local_size=6,
            component_kernel="glorot",
            component_posterior="optimal",
            expert_subset="random",
        ),
        training=replace(random.training, groups_per_step=4),
    )


def _aligned(first: Config) -> Config:
    """A second model of the same domains, whose beta moves an image between them (docs/domain_alignment.md).

    Each group has images of one cluster of the first, exported model. Few dimensions of z and two
    components make z represent the same properties in both domains.
    """
    return replace(
        first,
        preset=f"{first.preset}-aligned",
        data=replace(first.data, group_by_clusters=f"saved_models/{first.data.dataset}"),
        model=replace(first.model, normalisation="none", local_size=4, components=2),
        training=replace(first.training, epochs=30),
    )


def _official(name: str, dataset: str, sizes: tuple[int, int, int], epochs: int, mixture: str | None = None) -> Config:
    """The settings of the official code; sizes are (L, M, K)."""
    local_size, global_size, components = sizes
    return Config(
        preset=name,
        data=DataConfig(dataset, image_size=64, mixture=mixture),
        model=ModelConfig(
            body="conv",
            normalisation="batch",
            local_size=local_size,
            global_size=global_size,
            components=components,
        ),
        # The official 5e-3 saturates the sigmoid on images with a white background.
        training=TrainingConfig(epochs=epochs, learning_rate=5e-4),
    )


def _binarised(name: str, components: int = 1, **training: Any) -> Config:
    """For likelihoods of the literature: 50,000 training and 10,000 validation images, black and white by one draw.

    The networks and the sizes are those of VampPrior (Tomczak and Welling 2018), which has a warm-up too.
    """
    model = ModelConfig(
        model="vae" if components == 1 else "gm-vae",
        body="gated",
        hidden_units=300,
        local_size=40,
        global_size=0,
        components=components,
        likelihood="bernoulli",
        component_posterior="network" if components == 1 else "optimal",
    )
    common: dict[str, Any] = {
        "epochs": 200,
        "learning_rate": 1e-3,
        "schedule": "cosine",
        "validation_share": 1 / 6,
        "early_stopping": 50,
    }
    fitting = TrainingConfig(**(common | training))
    return Config(f"mnist-binarised-{name}", DataConfig(group_size=100, binarise=True), model, fitting)


# Ten components for ten digits (docs/results.md). They start at clusters of the codes after ten epochs, in which the
# weight of the KL terms rises from 0 to .28: such codes keep more of the digit than those of a VAE.
CLUSTERS = Config(
    preset="mnist-clusters",
    data=DataConfig(group_size=256),
    model=ModelConfig(
        model="gm-vae",
        body="gated",
        hidden_units=512,
        global_size=0,
        likelihood="bernoulli",
        component_posterior="optimal",
    ),
    training=TrainingConfig(
        epochs=36,
        learning_rate=2e-3,
        schedule="cosine",
        component_start="neighbours",
        pre_training=10,
        warm_up=36,
    ),
)

FACES_AVATARS = _ours("faces3d+avatars", "faces3d+avatars", epochs=45)

PRESETS: Mapping[str, Config] = {
    preset.preset: preset
    for preset in (
        MNIST,
        ALBUMS,
        GLYPHS,
        Config(preset="mnist-official"),
        _binarised("vae", warm_up=20),
        _binarised(
            "iwae",
            objective="iwae",
            importance_samples=50,
            gradient_samples=5,
            pixel_dropout=0.15,
            warm_up=10,
            epochs=60,
            learning_rate=2e-3,
        ),
        _binarised("gm-vae", components=500, warm_up=20),
        _binarised(
            "gm-vae-iwae",
            components=500,
            warm_up=20,
            objective="iwae",
            importance_samples=5,
            epochs=100,
            learning_rate=2e-3,
        ),
        CLUSTERS,
        _ours("images", "folder", epochs=30),
        _by_label(_ours("albums", "folder", epochs=30), "label"),
        _ours("faces3d", "faces3d", epochs=80),
        _ours("avatars", "avatars", epochs=150),
        _by_label(_ours("chairs3d", "chairs3d", epochs=30, validation="groups"), "model"),
        _ours("cars3d", "cars3d", epochs=50),
        FACES_AVATARS,
        _aligned(FACES_AVATARS),
        _ours("chairs3d+cars3d", "chairs3d+cars3d", epochs=15),
        _official("celeba", "celeb_a", (20, 50, 20), epochs=20),
        _official("celeba+faces3d", "celeb_a+faces3d-bfm", (40, 40, 40), epochs=10, mixture="0.5,0.5"),
        _official("cars+chairs", "cars3d-fidler+chairs3d-aubry", (20, 20, 20), epochs=50, mixture="0.5,0.5"),
        _official("cars+cars196", "cars3d-fidler+cars196", (20, 50, 20), epochs=50, mixture="0.5,0.5"),
    )
}


def preset(name: str) -> Config:
    """The configuration of that name; raises UserError for an unknown one."""
    if name not in PRESETS:
        raise UserError(f"Unknown preset '{name}': choose one of {', '.join(PRESETS)}.")
    return PRESETS[name]


def preset_for(dataset: str, by_label: bool = False) -> Config:
    """The preset of a data set, in any order of its domains; `mnist` for an unknown data set.

    Args:
        by_label: whether groups are formed by a label: your own images have another preset then.
    """
    domains = sorted(dataset.split("+"))
    if domains[0] in ("folder", "npz"):
        return PRESETS["albums" if by_label else "images"]
    return next((found for found in PRESETS.values() if sorted(found.data.domains) == domains), MNIST)


def model_config(name: ModelName, settings: Mapping[str, Any]) -> ModelConfig:
    """A model's configuration from some of its settings; the others have their defaults.

    Raises:
        UserError: a setting is unknown, the model does not have it, or its value is invalid.
    """
    known = {item.name for item in fields(ModelConfig)} - {"model"}
    if unknown := sorted(settings.keys() - known):
        close = difflib.get_close_matches(unknown[0], known, n=1)
        hint = f"did you mean `{close[0]}`?" if close else f"the settings are {', '.join(sorted(known))}."
        raise UserError(f"'{unknown[0]}' is not a setting of {name}: {hint}")
    config = replace(of_model(Config(), name).model, **settings)
    validate_model(config)
    return config


def of_body(model: ModelConfig, body: str | None) -> ModelConfig:
    """A preset's model before it gets another body (None: the same): a dense one has no normalisation."""
    return model if body in (None, "conv") else replace(model, normalisation="none")


def of_model(config: Config, name: ModelName) -> Config:
    """The same configuration for another model; settings of parts that it lacks get their neutral values."""
    absent = {setting: getattr(ModelConfig, setting) for setting, models in EXTENSIONS.items() if name not in models}
    model = replace(config.model, model=name, **absent)
    return replace(
        config,
        model=replace(
            model,
            global_size=model.global_size if model.has_beta else 0,
            components=model.components if model.has_mixture else 1,
            kl_weight=HIGGINS_WEIGHT if name == "beta-vae" else 1.0,
        ),
    )
