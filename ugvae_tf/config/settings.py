"""The settings of a run as frozen dataclasses.

The commands make their flags from these fields. A run writes them to
`saved_models/<name>/config.json`. Nothing here imports TensorFlow.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ugvae_tf.config.precision import Precision
from ugvae_tf.errors import UserError

MIN_PIXEL_STDDEV = 1 / 255  # one grey level; without a limit the density of a constant pixel is unbounded

UNKNOWN_DATA = "unknown"  # the data set of a model that was trained on arrays
NO_PRESET = "none"  # of a model that was trained in Python: the settings of its training are not recorded

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
    "decoder_beta": ("ug-vae", "ml-vae"),
}
"""Settings of ModelConfig beyond the paper, and the models that have them; all are off by default."""


@dataclass(frozen=True)
class DataConfig:
    """The images, and how they form groups."""

    dataset: str = "mnist"
    """Name of a TFDS image set, or `folder`, `npz` for your own images in `data_dir`; a+b mixes two domains."""
    data_dir: str | None = None
    """Folder of prepared TFDS data sets (default: the package's own, then TFDS's), or your own folder or file."""
    group_size: int = 128
    """B: images in a group. With a range such as 5-31 the size of every training group is drawn from it."""
    smallest_group: int | None = None
    """The smaller end of that range; `group_size` is then the larger one."""
    corrupt: Literal["stop", "skip"] = "stop"
    """Own images that cannot be decoded: stop with an error that names the first one, or skip them."""
    image_size: int | None = None
    """Height and width that images are resized to, after a crop to their central square (default: as they are)."""
    mixture: str | None = None
    """Proportions of the domains of a+b, such as 0.5,0.5 (default: proportional to their numbers of images)."""
    binarise: bool = False
    """Make every pixel black or white, once, with its grey level as the probability of white; for
    `likelihood=bernoulli`."""
    memory_limit: float = 4.0
    """Gigabytes of decoded images to keep in memory; a larger set is streamed from disk."""
    image_cache: bool = True
    """Keep the decoded images of a prepared TFDS set in a file, which later starts map into memory."""
    group_by: str | None = None
    """Form groups from images with the same value of this label (default: random groups)."""
    group_by_clusters: str | None = None
    """Form groups from images of one cluster: the folder of an exported model whose components d are the clusters."""
    min_group_size: int = 2
    """Smallest group by label or cluster; smaller groups are left out of the epoch."""

    @property
    def domains(self) -> list[str]:
        """The data sets that are mixed; usually one."""
        return self.dataset.split("+")

    @property
    def proportions(self) -> list[float]:
        """The shares of `mixture`; raises UserError unless there is one for each domain and they sum to 1."""
        try:
            shares = [float(share) for share in (self.mixture or "").split(",")]
        except ValueError:
            shares = []
        is_possible = len(shares) == len(self.domains) and all(share > 0 for share in shares)
        if not (is_possible and abs(sum(shares) - 1) <= 1e-6):  # also for nan
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
    body: Literal["mlp", "conv", "gated"] = "mlp"
    """Network from pixels to features, and its counterpart in the decoder: one dense layer, four convolutions, or two
    gated dense layers."""
    normalisation: Literal["none", "group", "batch"] = "none"
    """Normalisation in the conv encoder: batch is BatchNorm over the step, group is GroupNorm per image."""
    hidden_units: int = 256
    """Width of every hidden layer."""
    local_size: int = 10
    """L: dimensions of z."""
    global_size: int = 20
    """M: dimensions of beta; 0 in a model without beta."""
    components: int = 10
    """K: components of the mixture; 1 in a model without a mixture."""
    likelihood: Literal["gaussian", "bernoulli"] = "gaussian"
    """Distribution of a pixel in p(x | z, beta); bernoulli is for black and white pixels only."""
    observation_variance: Literal["fixed", "learned", "network"] = "fixed"
    """Variance of the Gaussian likelihood: a fixed number, one learned number, or an output per pixel (eq. 2)."""
    pixel_variance: float = 0.2
    """The fixed observation variance, or the initial value of the learned one."""
    expert_variance: Literal["free", "bounded", "shared"] = "free"
    """How far the precisions of the images' experts in q(beta) may differ (eq. 8)."""
    global_prior: Literal["standard", "learned"] = "standard"
    """p(beta): N(0, I) (eq. 4), or a diagonal Gaussian with learned moments."""
    prior_expert: bool = False
    """Include p(beta) as one more expert in the product q(beta) (eq. 9)."""
    expert_subset: Literal["all", "random"] = "all"
    """Experts in the product q(beta) in training: those of all images of a group, or of a random subset."""
    component_prior: Literal["uniform", "beta"] = "uniform"
    """p(d | beta): uniform (eq. 4), or proportions that are a function of beta."""
    component_posterior: Literal["network", "optimal"] = "network"
    """q(d): a network of z (eq. 7), or the maximiser of the bound given beta, in closed form."""
    component_kernel: Literal["counts", "glorot"] = "counts"
    """Initial weights of the component probabilities in the experts' means. counts: N(0, 1) unless experts are free, so
    that beta encodes the component counts of a group. glorot: Glorot always, for groups that are not random."""
    prior_units: int | None = None
    """Hidden units of each of the K networks of p(z | d, beta) (eq. 3) (default: `hidden_units`)."""
    decoder_beta: Literal["add", "film"] = "add"
    """How beta acts on the hidden units of the decoder: as a shift, or as a factor and a shift (FiLM)."""
    kl_weight: float = 1.0
    """Weight of the KL terms in the training of beta-vae; 1 is the ELBO, the objective of all other models."""

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
    """Passes over the training images; 0 exports the initial weights, a floor for every measure."""
    groups_per_step: int = 1
    """G: groups in one gradient step, over all replicas."""
    learning_rate: float = 5e-3
    """Initial learning rate of Adam."""
    precision: Precision = "float32"
    """Numbers in which encoder and decoder compute in the training step. bfloat16 is faster for `body=conv` and
    for large steps, on processors with avx512_bf16 or AMX; everything else, and the exported model, computes in
    float32."""
    schedule: Literal["constant", "cosine"] = "constant"
    """Constant learning rate, or cosine decay to a hundredth."""
    warm_up: int = 0
    """Epochs in which the weight of the KL terms rises linearly to its value."""
    component_start: Literal["random", "mixture", "neighbours"] = "random"
    """Where the components of gm-vae start: at random, or after `pre_training` at a Gaussian mixture of the codes, that
    itself starts at random codes or at clusters of neighbours (t-SNE)."""
    pre_training: int = 0
    """Epochs as a plain VAE before the components start."""
    objective: Literal["elbo", "iwae"] = "elbo"
    """What training maximises: the ELBO (eq. 10-11), or in a model without beta the importance-weighted bound."""
    importance_samples: int = 1
    """Samples of every z in the importance-weighted bound."""
    gradient_samples: int | None = None
    """Number of these samples that the gradient is computed from, drawn by their weights (default: all): a faster step
    with a noisier gradient."""
    pixel_dropout: float = 0.0
    """Share of the pixels that are set to 0 in the encoder's input in training, at random: against overfitting of
    q(z | x)."""
    augmentation: float = 0.0
    """Share of the training groups whose images are all slanted and stretched by one random change."""
    seed: int = 0
    """Seed of initial weights, groups and noise."""
    validation_share: float = 0.1
    """Share of the training images that is not trained on: the validation images of every epoch. With 0 all are
    trained on, and the validation images are the held-out ones, which are otherwise for evaluation only."""
    validation: Literal["images", "groups"] = "images"
    """The validation images: random ones, or all images of a share of the values of `group_by`."""
    early_stopping: int | None = None
    """End after this many epochs without a lower validation loss, and export the best epoch's weights
    (default: train for all epochs, and export the last one's)."""


@dataclass(frozen=True)
class Config:
    """All settings that determine the weights of a run."""

    preset: str = "mnist-official"
    """Hyper-parameters to start from (default: those of the data set)."""
    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
