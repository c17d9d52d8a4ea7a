"""The request of a training run, and its validation. Without TensorFlow."""

import dataclasses
import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from ugvae_tf import config as configuration
from ugvae_tf.config import Config, ModelConfig
from ugvae_tf.config.precision import check_precision
from ugvae_tf.config.validation import validate
from ugvae_tf.errors import UserError
from ugvae_tf.files import check_no_pattern
from ugvae_tf.serving.saved_model import is_number, version_folder
from ugvae_tf.serving.shipped import located
from ugvae_tf.training.run_folder import RunFolder

LONGEST_NAME = 200  # bytes; file systems take 255


@dataclass(frozen=True)
class TrainRequest:
    """A configuration, and the folder of the run."""

    config: Config = field(default_factory=Config)
    name: str | None = None
    """Name of the run and of the exported model (default: the data set; with another --model, <data set>-<model>)."""
    output_dir: str = "saved_models"
    """Folder of all runs."""
    resume: bool = False
    """Continue the run of this name from its last checkpoint."""
    overwrite: bool = False
    """Start a new run in the folder of an earlier one; exported versions stay."""

    trust: bool = False
    """Load the model of --group-by-clusters also if it has operations beyond those on tensors and variables."""

    @property
    def folder(self) -> RunFolder:
        """The folder of this run."""
        return RunFolder(self.output_dir, self.name or default_name(self.config.data.dataset, self.config.model.model))

    def checked(self) -> "TrainRequest":
        """The validated request with the version of `group_by_clusters`; raises UserError if it is invalid."""
        if self.resume and self.overwrite:
            raise UserError("`resume` continues a run and `overwrite` replaces it: give one of them.")
        _check_name(self.folder.path.name if self.name is None else self.name)
        check_no_pattern(self.folder.path)
        self.folder.check(self.resume, self.overwrite)
        request = self._with_version()
        if self.resume:
            request._check_same_run()
        validate(request.config)
        check_precision(request.config.training.precision)
        return request

    def _with_version(self) -> "TrainRequest":
        """Replace the folder in `group_by_clusters` by its newest version, so that a resumed run uses the same one."""
        address = self.config.data.group_by_clusters
        if address is None:
            return self
        version = version_folder(Path(located(address)))
        if version.resolve().parent == self.folder.path.resolve():
            raise UserError(f"`group_by_clusters={address}` is the folder of this run itself: choose another `name`.")
        data = replace(self.config.data, group_by_clusters=str(version))
        return replace(self, config=replace(self.config, data=data))

    def _check_same_run(self) -> None:
        saved = self.folder.saved_config()
        # A resumed run may have more epochs, and another folder of the same data, decoded or not.
        wanted = configuration.with_epochs(self.config, saved.training.epochs)
        wanted = replace(
            wanted,
            data=dataclasses.replace(wanted.data, data_dir=saved.data.data_dir, image_cache=saved.data.image_cache),
        )
        if changed := configuration.differences(saved, wanted):
            raise UserError(
                f"`resume` continues the run with its own settings, where {'; '.join(changed)}: "
                f"leave those out, or start a run under another `name`."
            )


def default_name(dataset: str, model: str) -> str:
    """The default name of a run: that of its data set, of which some have a slash or a colon."""
    name = re.sub(r"[^\w.+-]+", "-", dataset)
    return name if model == ModelConfig.model else f"{name}-{model}"


def _check_name(name: str) -> None:
    """Raise UserError for a name that is no folder in `output_dir`, or that of a version."""
    is_folder = name not in ("", ".", "..") and "/" not in name and name.isprintable()
    if not is_folder or is_number(name) or len(name.encode()) > LONGEST_NAME:
        raise UserError(
            f"`name={name[:LONGEST_NAME]}` cannot be the name of a run: give one of at most {LONGEST_NAME} characters, "
            "without a slash, and not a number; `output_dir` is the folder of all runs."
        )
