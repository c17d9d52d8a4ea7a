"""`ugvae train`, `python train.py`: train a model and export it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ugvae_tf.commands.flags import Parser, add_flags, as_flags, typed, with_fields
from ugvae_tf.config import Config, DataConfig, ModelConfig, presets
from ugvae_tf.config.validation import size_range
from ugvae_tf.datasets import catalogue
from ugvae_tf.quiet import quiet_tensorflow
from ugvae_tf.serving import saved_model
from ugvae_tf.serving.shipped import is_shipped
from ugvae_tf.training.request import TrainRequest, default_name
from ugvae_tf.training.run_folder import RunFolder

GROUPS = {
    "run": ("dataset", "data_dir", "preset", "model", "epochs", "seed", "name", "output_dir", "resume", "overwrite"),
    "images": ("image_size", "binarise", "corrupt", "mixture", "memory_limit"),
    "groups": ("group_size", "groups_per_step", "group_by", "group_by_clusters", "trust", "min_group_size"),
    "latent variables": ("local_size", "global_size", "components", "kl_weight"),
    "q(beta) and q(d)": ("expert_variance", "expert_subset", "prior_expert", "component_kernel", "component_posterior"),
    "p(beta) and p(d)": ("global_prior", "component_prior", "prior_units"),
    "networks": ("body", "hidden_units", "normalisation", "decoder_beta"),
    "likelihood": ("likelihood", "observation_variance", "pixel_variance"),
    "objective": ("objective", "importance_samples", "warm_up"),
    "optimiser": ("learning_rate", "schedule"),
    "validation": ("validation_share", "validation", "early_stopping"),
}
METAVARS = {
    "dataset": "NAME",
    "group_size": "N|N-N",
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
    if not request.resume and (notice := _shipped_notice(request.folder)):
        print(notice, flush=True)
    with quiet_tensorflow():
        from ugvae_tf.training.run import train  # TensorFlow takes seconds to import: after the flags are checked
    return summary(request, train(request), typed("evaluate", prog))


def parse_training(arguments: Sequence[str], prog: str = "train.py") -> TrainRequest | None:
    """The request in the flags, None after --help; raises UserError for an invalid flag."""
    given = _parser(prog, Config()).parsed(arguments)
    if given.pop("help"):
        print(_parser(prog, presets.preset_for(given.get("dataset", DataConfig.dataset))).format_help(), end="")
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
    config = replace(config, model=_for_padded_groups(config.model, given))
    config = replace(
        config,
        data=with_fields(config.data, given),
        model=with_fields(config.model, given),
        training=with_fields(config.training, given),
    )
    return replace(request, config=config).checked()


def _for_padded_groups(model: ModelConfig, given: dict[str, Any]) -> ModelConfig:
    """For padded groups, whose padding a preset's BatchNorm would count as images: GroupNorm.

    Groups by a label or a cluster, and those of random sizes, are padded.
    """
    padded = any(given.get(name) for name in ("group_by", "group_by_clusters", "smallest_group"))
    return replace(model, normalisation="group") if padded and model.normalisation == "batch" else model


def _started_from(given: dict[str, Any]) -> Config:
    """The configuration that the flags modify: that of the resumed run, or a preset."""
    dataset, model = given.get("dataset", DataConfig.dataset), given.get("model", ModelConfig.model)
    if "preset" not in given and given.get("resume"):
        name = given.get("name") or default_name(dataset, model)
        folder = RunFolder(given.get("output_dir", TrainRequest.output_dir), name)
        folder.check(resume=True, overwrite=bool(given.get("overwrite")))
        return folder.saved_config()
    chosen = presets.preset(given["preset"]) if "preset" in given else presets.preset_for(dataset)
    return presets.of_model(chosen, model)


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


def _shipped_notice(folder: RunFolder) -> str | None:
    """The notice before a run that adds a version to a shipped model's folder, else None."""
    found = folder.versions()
    shipped = [version for version in found if is_shipped(folder.path, version)]
    if not shipped:
        return None
    return f"{folder.path} holds version {shipped[-1]}, which ships; this run adds version {found[-1] + 1}."


def summary(request: TrainRequest, trained: Any, evaluate: str) -> str:
    """The text to print after a run; `evaluate` is the command line of that command."""
    folder = request.folder
    if not trained.is_new:
        then = ": raise `epochs` to continue it" if request.config.training.early_stopping is None else ""
        return as_flags(f"{folder.path} is complete and exported{then}.")
    if trained.version is None:
        return "This worker is done: the chief exports the model."
    terms = "  ".join(f"{name} {value:.2f}" for name, value in trained.validation.items())
    shown = "Validation images" if request.config.training.validation_share else "Held-out images"
    result = f"{shown}, in nats per image:  {terms}" if terms else "No epoch: these are the initial weights."
    return (
        f"{result}\n"
        f"Exported to {trained.version}.  Figures: {folder.figures}.  Curves: tensorboard --logdir {folder.logs}\n"
        f"Next: {evaluate} --task reconstruction --saved-model {folder.path}{_fewer(request, trained.version)}"
    )


def _fewer(request: TrainRequest, version: Path) -> str:
    """The flag for groups of all held-out images, if they do not fill a group as in training."""
    held_out = saved_model.read_config(version).get("held_out_images") or 0
    return f" --group-size {held_out}" if 0 < held_out < request.config.data.group_size else ""
