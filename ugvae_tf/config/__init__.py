"""What a run is made of: frozen dataclasses, JSON.

The commands make their flags from these fields, and the same object is written to
`saved_models/<name>/config.json`. Nothing here imports TensorFlow.
"""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from ugvae_tf.errors import UserError

MIN_PIXEL_STDDEV = 1 / 255  # one grey level: a pixel that never varies would otherwise take all the likelihood

BEFORE_VALIDATION = {"validation_share": 0.0}  # what a run did whose config.json does not name it

UNKNOWN_DATA = "unknown"  # the data set of a model that was trained on arrays

ModelName = Literal["ug-vae", "ml-vae", "gm-vae", "vae", "beta-vae", "nested-vae"]
WITH_BETA = ("ug-vae", "ml-vae", "nested-vae")
WITH_MIXTURE = ("ug-vae", "gm-vae")
EXTENSIONS: Mapping[str, tuple[ModelName, ...]] = {
    "global_prior": ("ug-vae", "ml-vae"),
    "prior_expert": ("ug-vae", "ml-vae"),
    "expert_subset": ("ug-vae", "ml-vae"),
    "component_prior": ("ug-vae",),
    "component_kernel": ("ug-vae",),
    "component_posterior": ("ug-vae", "gm-vae"),
    "prior_units": ("ug-vae", "nested-vae"),
}
"""Settings of ModelConfig that go beyond the paper, and the models that can have them; by default all are off."""


@dataclass(frozen=True)
class DataConfig:
    """Which images, and how many of them share one beta."""

    dataset: str = "mnist"
    """Name of a TFDS image set, or `folder`, `npz` for your own images in `data_dir`; a+b mixes two domains."""
    data_dir: str | None = None
    """Folder of prepared TFDS data sets (default: the package's own, then TFDS's), or your own folder or file."""
    group_size: int = 128
    """B: images in a group."""
    corrupt: Literal["stop", "skip"] = "stop"
    """What to do about one of your images that cannot be decoded: stop and name it, or leave it out."""
    image_size: int | None = None
    """Height and width that images are resized to, after a crop to their central square (default: as they are)."""
    mixture: str | None = None
    """Proportions of the domains of a+b, such as 0.5,0.5 (default: those of their numbers of images)."""
    binarise: bool = False
    """Make every pixel black or white once, white with its grey level as probability: the data that
    `likelihood=bernoulli` means."""
    memory_limit: float = 4.0
    """Gigabytes of decoded images to keep in memory; a larger set is streamed from disk."""
    group_by: str | None = None
    """Form groups from images that share this label (default: random groups)."""
    group_by_clusters: str | None = None
    """Form groups from images of one cluster: the folder of an exported model whose components d are the clusters."""
    min_group_size: int = 2
    """Of groups by label or cluster: a smaller rest of a value's images is left out of an epoch."""

    @property
    def domains(self) -> list[str]:
        """The data sets that are mixed; usually one."""
        return self.dataset.split("+")

    @property
    def proportions(self) -> list[float]:
        """The shares of `mixture`; raises UserError unless they suit the domains and sum to one."""
        try:
            shares = [float(share) for share in (self.mixture or "").split(",")]
        except ValueError:
            shares = []
        if len(shares) != len(self.domains) or min(shares) <= 0 or abs(sum(shares) - 1) > 1e-6:
            raise UserError(
                f"`mixture={self.mixture}` must give a number above 0 for each of {', '.join(self.domains)}, "
                f"and they must sum to 1, such as 0.5,0.5."
            )
        return shares


@dataclass(frozen=True)
class ModelConfig:
    """The generative model, its variational family and their sizes."""

    model: ModelName = "ug-vae"
    """Which model of the family (paper figure 1)."""
    body: Literal["mlp", "conv"] = "mlp"
    """Network between pixels and features, and its mirror image in the decoder."""
    normalisation: Literal["none", "group", "batch"] = "none"
    """Of the conv encoder. batch: BatchNorm over the step; group: GroupNorm per image."""
    hidden_units: int = 256
    """Width of every hidden layer."""
    local_size: int = 10
    """L: dimensions of z."""
    global_size: int = 20
    """M: dimensions of beta; 0 in a model without one."""
    components: int = 10
    """K: components of the mixture; 1 in a model without one."""
    likelihood: Literal["gaussian", "bernoulli"] = "gaussian"
    """p(x | z, beta), pixel by pixel; bernoulli is a distribution of black and white pixels only."""
    observation_variance: Literal["fixed", "learned", "network"] = "fixed"
    """Of the Gaussian likelihood: a number, one learned number, or an output per pixel (eq. 2)."""
    pixel_variance: float = 0.2
    """The fixed observation variance, or the value from which it is learned."""
    expert_variance: Literal["free", "bounded", "shared"] = "free"
    """How far the images of a group may differ in weight in q(beta) (eq. 8)."""
    global_prior: Literal["standard", "learned"] = "standard"
    """p(beta): N(0, I) (eq. 4), or a diagonal Gaussian of learned moments."""
    prior_expert: bool = False
    """Multiply p(beta), as one more expert, into the product that q(beta) is (eq. 9)."""
    expert_subset: Literal["all", "random"] = "all"
    """The images of a group whose experts q(beta) multiplies in training: all, or a random subset of random size."""
    component_prior: Literal["uniform", "beta"] = "uniform"
    """p(d | beta): uniform (eq. 4), or proportions that beta sets."""
    component_posterior: Literal["network", "optimal"] = "network"
    """q(d): a network of z (eq. 7), or the maximiser of the bound given beta, in closed form."""
    component_kernel: Literal["counts", "glorot"] = "counts"
    """Initial weights of the component probabilities in the experts' means: of unit scale unless experts are free, so
    that beta counts the components of a group; or glorot in every case, for groups that are not drawn at random."""
    prior_units: int | None = None
    """Hidden units of each of the K networks of p(z | d, beta) (eq. 3) (default: `hidden_units`)."""
    kl_weight: float = 1.0
    """Weight of the KL terms in the training of beta-vae; 1 is the ELBO, which all others train."""

    @property
    def has_beta(self) -> bool:
        """Whether the images of a group share a latent variable."""
        return self.model in WITH_BETA

    @property
    def decodes_beta(self) -> bool:
        """Whether the decoder takes beta; NestedVAE's is p(x | z)."""
        return self.has_beta and self.model != "nested-vae"

    @property
    def has_mixture(self) -> bool:
        """Whether an image belongs to a component d."""
        return self.model in WITH_MIXTURE


@dataclass(frozen=True)
class TrainingConfig:
    """How the model is fitted."""

    epochs: int = 20
    """Passes over the training images."""
    groups_per_step: int = 1
    """G: groups in one step of gradient descent, over all replicas."""
    learning_rate: float = 5e-3
    """Adam's step size, at the start."""
    schedule: Literal["constant", "cosine"] = "constant"
    """Keep the learning rate, or let it fall to a hundredth along a cosine."""
    seed: int = 0
    """Fixes initial weights, groups and noise."""
    validation_share: float = 0.1
    """Share of the training images that is held back and validated on after each epoch; 0 trains on all of them and
    validates on the held-out images, which are otherwise left to evaluate.py."""
    validation: Literal["images", "groups"] = "images"
    """What is held back: images at random, or all images of a share of the values of `group_by`."""
    early_stopping: int | None = None
    """End after this many epochs without a lower validation loss, and export the best epoch's weights
    (default: train for all epochs, and export the last one's)."""


@dataclass(frozen=True)
class Config:
    """Everything that decides what a run's weights will be."""

    preset: str = "mnist-official"
    """Hyper-parameters to start from (default: those of the data set)."""
    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)


def differences(old: Config, new: Config) -> list[str]:
    """The settings in which two configurations differ, each as 'name is old, not new'."""
    found = []
    for part in ("data", "model", "training"):
        before, after = getattr(old, part), getattr(new, part)
        for item in dataclasses.fields(before):
            if getattr(before, item.name) != getattr(after, item.name):
                found.append(f"{item.name} is {getattr(before, item.name)}, not {getattr(after, item.name)}")
    return found


def with_epochs(config: Config, epochs: int) -> Config:
    """The same configuration, trained for another number of epochs."""
    return replace(config, training=replace(config.training, epochs=epochs))


def to_json(config: Config, **provenance: Any) -> str:
    """The text of config.json: the configuration, then how the model came to be."""
    return json.dumps({**dataclasses.asdict(config), **provenance}, indent=2) + "\n"


def from_json(text: str) -> Config:
    """The configuration in a config.json; raises UserError if it is none."""
    try:
        content = json.loads(text)
    except ValueError as error:
        raise _not_ours(error) from error
    return from_content(content)


def from_content(content: Any) -> Config:
    """The configuration in what a config.json holds; raises UserError if it is none."""
    try:
        return Config(
            preset=content["preset"],
            data=DataConfig(**_present_data(content["data"])),
            model=ModelConfig(**content["model"]),
            training=TrainingConfig(**{**BEFORE_VALIDATION, **content["training"]}),
        )
    except (KeyError, TypeError) as error:
        raise _not_ours(error) from error


def _present_data(data: dict[str, Any]) -> dict[str, Any]:
    """The settings of today: up to version 0.1 `group_by` also held the folder of a model."""
    if "group_by_clusters" in data or "/" not in (data.get("group_by") or ""):
        return data
    return {**data, "group_by": None, "group_by_clusters": data["group_by"]}


def _not_ours(error: Exception) -> UserError:
    return UserError(f"This config.json is not one that this version of ugvae_tf wrote: {error}.")
