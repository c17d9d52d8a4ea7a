"""The flags of train.py."""

import argparse
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, get_args

import tyro

from ugvae_tf import config as configuration
from ugvae_tf import presets
from ugvae_tf.config import Config, DataConfig, ModelConfig, ModelName
from ugvae_tf.errors import UserError
from ugvae_tf.run_folder import RunFolder
from ugvae_tf.saved_model import is_version, version_folder, versions
from ugvae_tf.validation import validate


@dataclass(frozen=True)
class TrainRequest:
    """Train a model on random groups of images, and export it for TensorFlow Serving."""

    config: tyro.conf.OmitArgPrefixes[Config] = field(default_factory=Config)
    name: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None
    """Name of the run and of the exported model (default: the data set; of the relatives, <data set>-<model>)."""
    output_dir: str = "saved_models"
    """Folder of all runs."""
    resume: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Go on with the run of this name where its last checkpoint left it."""
    overwrite: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Train anew in the folder of an earlier run; its exported versions stay."""

    @property
    def folder(self) -> RunFolder:
        """Where this run lives."""
        return RunFolder(self.output_dir, self.name or _default_name(self.config.data.dataset, self.config.model.model))


def _default_name(dataset: str, model: str) -> str:
    return dataset if model == ModelConfig.model else f"{dataset}-{model}"


def parse_training(arguments: Sequence[str]) -> TrainRequest:
    """The request in train.py's flags; raises UserError, or exits with status 2, on a bad one."""
    request = tyro.cli(TrainRequest, prog="train.py", args=arguments, default=_defaults(arguments))
    if request.resume and request.overwrite:
        raise UserError("--resume goes on with a run and --overwrite replaces it: give one of them.")
    request.folder.check(request.resume, request.overwrite)
    request = _with_version(request)
    if request.resume:
        _check_same_run(request)
    validate(request.config)
    return request


def _with_version(request: TrainRequest) -> TrainRequest:
    """A --group-by that names a model's folder names its newest version from now on, so that no later one slips in."""
    address = request.config.data.group_by
    if address is None or not (versions(Path(address)) or is_version(Path(address))):
        return request
    version = version_folder(Path(address))
    if version.resolve().parent == request.folder.path.resolve():
        raise UserError(f"--group-by {address} is the folder of this run itself: give the run another --name.")
    data = replace(request.config.data, group_by=str(version))
    return replace(request, config=replace(request.config, data=data))


def _defaults(arguments: Sequence[str]) -> TrainRequest:
    """What the flags fall back on: the resumed run's own configuration, or a preset."""
    early = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    for flag in ("--preset", "--dataset", "--model", "--name", "--output-dir"):
        early.add_argument(flag)
    early.add_argument("--resume", action="store_true")
    known, _ = early.parse_known_args(arguments)
    dataset, model = known.dataset or DataConfig.dataset, known.model or ModelConfig.model
    if known.preset is None and known.resume:
        folder = RunFolder(known.output_dir or "saved_models", known.name or _default_name(dataset, model))
        folder.check(resume=True, overwrite=False)
        return TrainRequest(folder.saved_config())
    found = presets.preset(known.preset) if known.preset else presets.preset_for(dataset)
    return TrainRequest(presets.of_model(found, model) if model in get_args(ModelName) else found)


def _check_same_run(request: TrainRequest) -> None:
    saved = request.folder.saved_config()
    # More epochs, or the data in another place, leave the run what it was.
    asked = configuration.with_epochs(request.config, saved.training.epochs)
    asked = replace(asked, data=dataclasses.replace(asked.data, data_dir=saved.data.data_dir))
    if changed := configuration.differences(saved, asked):
        raise UserError(
            f"--resume goes on with the run as it began, where {'; '.join(changed)}: "
            f"leave those flags out, or train anew under another --name."
        )
