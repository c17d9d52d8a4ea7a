"""Flags to requests, without TensorFlow: `--help` and a bad flag answer at once."""

import argparse
import dataclasses
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Literal, get_args

import tyro

from ugvae_tf import config as configuration
from ugvae_tf import presets
from ugvae_tf.config import Config, DataConfig, ModelConfig, ModelName
from ugvae_tf.errors import UserError
from ugvae_tf.run_folder import RunFolder
from ugvae_tf.saved_model import version_folder, versions
from ugvae_tf.server_address import ServerAddress
from ugvae_tf.validation import validate

QUIET, STDERR = "3", 2
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", QUIET)


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


class Interrupted(Exception):
    """Ctrl-C, with the work saved; the message says how to go on."""


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
    if address is None or not (versions(Path(address)) or (Path(address) / "saved_model.pb").is_file()):
        return request
    version = version_folder(Path(address))
    if version.resolve().parent == request.folder.path.resolve():
        raise UserError(f"--group-by {address} is the folder of this run itself: give the run another --name.")
    data = replace(request.config.data, group_by=str(version))
    return replace(request, config=replace(request.config, data=data))


@dataclass(frozen=True)
class EvaluationRequest:
    """Run an experiment on an exported model: print a table, write metrics.json and figures beside the model."""

    task: Literal[
        "batch-classification",
        "composition",
        "traversal",
        "interpolation",
        "embedding",
        "reconstruction",
        "likelihood",
        "clustering",
    ]
    """Which experiment."""
    saved_model: str = "saved_models/mnist"
    """Folder of an exported model, or http://HOST:8501/v1/models/NAME on a server; its newest version is taken."""
    output_dir: str | None = None
    """Folder in which evaluations/ is made (default: the model's, and saved_models/NAME for one on a server)."""
    dataset: str | None = None
    """Name of a TFDS image set (default: the one that the model was trained on)."""
    data_dir: str | None = None
    """Folder of prepared TFDS data sets (default: the package's own, then TFDS's)."""
    seed: int = 0
    """Fixes every choice of the experiment."""
    seeds: int = 5
    """Repetitions of batch-classification, for mean and spread."""
    groups: int | None = None
    """How many groups (default: each experiment's own)."""
    group_size: Annotated[str | None, tyro.conf.arg(metavar="B|MIN-MAX")] = None
    """Images in a group, or a range from which each group's size is drawn (default: as trained)."""
    categories: Literal["series", "digit-sets"] | None = None
    """Which groups of digits to tell apart (default: series; in an interpolation digit-sets)."""
    attribute: Annotated[str | None, tyro.conf.arg(metavar="NAME[=VALUE,VALUE]")] = None
    """The label to tell groups apart by, or to know of them, and which of its values (default: all)."""
    between: Annotated[str | None, tyro.conf.arg(metavar="FIRST,SECOND")] = None
    """Of interpolation: the two categories (default: the first two)."""
    samples: int | None = None
    """Of likelihood: importance samples for each image (default: bounds with 1, 25 and 100)."""
    dimension: int | None = None
    """Of traversal: move one dimension of beta only (default: all at once)."""

    def results(self, model_name: str) -> Path:
        """Where the task writes what it found."""
        is_remote, path = ServerAddress.parse(self.saved_model) is not None, Path(self.saved_model)
        if (path / "saved_model.pb").is_file():  # a version's folder is the server's
            path = path.parent
        beside_model = Path("saved_models", model_name) if is_remote else path
        return Path(self.output_dir or beside_model) / "evaluations" / self.task

    @property
    def attribute_values(self) -> tuple[str | None, list[str]]:
        """The label's name and its chosen values, none for all."""
        if self.attribute is None:
            return None, []
        name, _, values = self.attribute.partition("=")
        return name, values.split(",") if values else []

    @property
    def sizes(self) -> tuple[int, int] | None:
        """Smallest and largest group; raises UserError if --group-size is neither a number nor a range."""
        if self.group_size is None:
            return None
        smallest, _, largest = self.group_size.partition("-")
        if not smallest.isdecimal() or not (largest or smallest).isdecimal():
            raise UserError(
                f"--group-size must be a number such as 128 or a range such as 32-256, not {self.group_size}."
            )
        sizes = int(smallest), int(largest or smallest)
        if not 1 <= sizes[0] <= sizes[1]:
            raise UserError(f"--group-size {self.group_size} is impossible: give 1 or more, the smaller number first.")
        return sizes


def parse_evaluation(arguments: Sequence[str]) -> EvaluationRequest:
    """The request in evaluate.py's flags; raises UserError, or exits with status 2, on a bad one."""
    request = tyro.cli(EvaluationRequest, prog="evaluate.py", args=arguments)
    counts = {"--groups": request.groups, "--seeds": request.seeds, "--samples": request.samples}
    for flag, value in counts.items():
        if value is not None and value < 1:
            raise UserError(f"{flag} must be at least 1, not {value}.")
    if request.seed < 0:
        raise UserError(f"--seed must be 0 or more, not {request.seed}.")
    if request.attribute and request.categories:
        raise UserError("--attribute and --categories both say what to tell apart: give one of them.")
    _ = request.sizes, ServerAddress.parse(request.saved_model)
    return request


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


@contextmanager
def quiet_import() -> Iterator[None]:
    """Keep TensorFlow's C++ off standard error while it is imported: it speaks before it reads its log level.

    Mistakes and tracebacks come from Python afterwards. TF_CPP_MIN_LOG_LEVEL=0 shows everything.
    """
    asked_for = os.environ["TF_CPP_MIN_LOG_LEVEL"] != QUIET
    with nullcontext() if asked_for or sys.stderr is None else _nothing_on_stderr():
        yield


@contextmanager
def _nothing_on_stderr() -> Iterator[None]:
    """Python's sys.stderr cannot do this: C++ writes to the file descriptor."""
    kept = os.dup(STDERR)
    try:
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), STDERR)
        yield
    finally:
        os.dup2(kept, STDERR)
        os.close(kept)


@contextmanager
def errors_for_people(command: str) -> Iterator[None]:
    """End the process on a user's mistake with one sentence and status 2; ours keep their traceback."""
    try:
        yield
    except UserError as error:
        print(f"{command}: error: {error}", file=sys.stderr)
        sys.exit(2)
    except Interrupted as interruption:
        print(f"\n{interruption}", file=sys.stderr)
        sys.exit(130)
    except KeyboardInterrupt:
        sys.exit(130)
