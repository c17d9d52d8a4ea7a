"""`ugvae train`, `python train.py`: train a model and export it."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ugvae_tf.commands.flags import Parser, add_flags, typed, with_fields
from ugvae_tf.commands.terminal import tensorflow_starting
from ugvae_tf.commands.train_summary import summary
from ugvae_tf.config import Config, DataConfig, ModelConfig, presets
from ugvae_tf.config.validation import size_range
from ugvae_tf.datasets import catalogue
from ugvae_tf.progress import shown
from ugvae_tf.training.request import TrainRequest, default_name
from ugvae_tf.training.run_folder import RunFolder

GROUPS = {
    "run": ("dataset", "data_dir", "preset", "model", "epochs", "seed", "name", "output_dir", "resume", "overwrite"),
    "images": ("image_size", "binarise", "corrupt", "mixture", "memory_limit", "image_cache"),
    "groups": ("group_size", "groups_per_step", "group_by", "group_by_clusters", "trust", "min_group_size"),
    "augmentation": ("augmentation",),
    "latent variables": ("local_size", "global_size", "components", "kl_weight"),
    "q(beta) and q(d)": ("expert_variance", "expert_subset", "prior_expert", "component_kernel", "component_posterior"),
    "p(beta) and p(d)": ("global_prior", "component_prior", "prior_units"),
    "networks": ("body", "hidden_units", "normalisation", "decoder_beta"),
    "likelihood": ("likelihood", "observation_variance", "pixel_variance"),
    "objective": ("objective", "importance_samples", "gradient_samples", "warm_up", "pixel_dropout"),
    "start of the components": ("component_start", "pre_training"),
    "optimiser": ("learning_rate", "schedule", "precision"),
    "validation": ("validation_share", "validation", "early_stopping"),
}
METAVARS = {
    "dataset": "NAME",
    "group_size": "N|N-N",
    "augmentation": "SHARE",
    "pixel_dropout": "SHARE",
    "data_dir": "PATH",
    "preset": "NAME",
    "model": "NAME",
    "name": "NAME",
    "output_dir": "FOLDER",
    "group_by": "LABEL",
    "group_by_clusters": "FOLDER",
    "image_size": "PIXELS",
    "mixture": "SHARES",
    "memory_limit": "GB",
}
EXAMPLES = """examples:
  {prog} --dataset mnist
  {prog} --dataset folder --data-dir my_pictures --image-size 64 --epochs 30
  {prog} --dataset mnist --model ml-vae --group-by label
  {prog} --dataset mnist --resume --epochs 20

Load only models that you trust (--group-by-clusters): a SavedModel is a program."""


def run(arguments: Sequence[str], prog: str) -> str | None:
    """Train; returns the text to print at the end."""
    request = parse_training(arguments, prog)
    if request is None:
        return None
    with shown(sys.stdout):
        with tensorflow_starting():
            from ugvae_tf.training.run import train
        return summary(request, train(request), prog)


def parse_training(arguments: Sequence[str], prog: str = "train.py") -> TrainRequest | None:
    """The request in the flags, None after --help; raises UserError for an invalid flag."""
    given = _parser(prog, Config()).parsed(arguments)
    if given.pop("help"):
        print(_parser(prog, _preset_for(given)).format_help(), end="")
        return None
    request = with_fields(TrainRequest(_started_from(given)), given)
    config = request.config
    if "group_size" in given:
        given["smallest_group"], given["group_size"] = size_range(given["group_size"])
    if given.keys() & {"group_by", "group_by_clusters", "mixture"}:  # each of them replaces the preset's choice
        data = replace(config.data, group_by=None, group_by_clusters=None, mixture=None)
        config = replace(config, data=data)
    if config.data.group_by is None and "group_by" not in given:  # the preset's validation by groups goes with them
        config = replace(config, training=replace(config.training, validation="images"))
    config = replace(config, model=_normalised(config.model, given))
    config = replace(
        config,
        data=with_fields(config.data, given),
        model=with_fields(config.model, given),
        training=with_fields(config.training, given),
    )
    return replace(request, config=config).checked()


def _normalised(model: ModelConfig, given: dict[str, Any]) -> ModelConfig:
    """The preset's normalisation, where the flags allow it.

    Padded groups have GroupNorm in place of BatchNorm, which would count the padding as images; groups by a label or a
    cluster, and those of random sizes, are padded.
    """
    model = presets.of_body(model, given.get("body"))
    padded = any(given.get(name) for name in ("group_by", "group_by_clusters", "smallest_group"))
    return replace(model, normalisation="group") if padded and model.normalisation == "batch" else model


def _started_from(given: dict[str, Any]) -> Config:
    """The configuration that the flags modify: that of the resumed run, or a preset."""
    dataset = given.get("dataset", DataConfig.dataset)
    if "preset" not in given and given.get("resume"):
        name = given.get("name") or default_name(dataset, given.get("model", ModelConfig.model))
        folder = RunFolder(given.get("output_dir", TrainRequest.output_dir), name)
        folder.check(resume=True, overwrite=bool(given.get("overwrite")))
        return folder.saved_config()
    chosen = presets.preset(given["preset"]) if "preset" in given else _preset_for(given)
    model = given.get("model", chosen.model.model)
    return chosen if model == chosen.model.model else presets.of_model(chosen, model)


def _preset_for(given: dict[str, Any]) -> Config:
    """The preset of the data and of how groups are formed."""
    return presets.preset_for(given.get("dataset", DataConfig.dataset), "group_by" in given)


def _parser(prog: str, config: Config) -> Parser:
    """The parser of the flags; the help shows the defaults in `config`."""
    epilog = f"{_table('data sets that ship', catalogue.SHIPPED)}\n\n{_table('your own', catalogue.OWN)}\n\n"
    epilog += f"presets: {', '.join(presets.PRESETS)}\n\n{EXAMPLES.format(prog=typed('train', prog))}"
    description = (
        "Train a model of groups of images, and export it for TensorFlow Serving.\n"
        f"The defaults shown are those of the preset {config.preset}; --dataset NAME --help shows those for NAME."
    )
    parser = Parser(prog, description, epilog)
    values = (TrainRequest(), config, config.data, config.model, config.training)
    add_flags(parser, values, GROUPS, METAVARS)
    return parser


def _table(title: str, rows: dict[str, str]) -> str:
    return "\n".join([f"{title}:", *(f"  {name:12} {meaning}" for name, meaning in rows.items())])
