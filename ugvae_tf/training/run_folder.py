"""The folder of one training run, and the rules for writing to it."""

import json
import os
import shutil
from pathlib import Path

from ugvae_tf import config as configuration
from ugvae_tf.config import Config
from ugvae_tf.errors import UserError
from ugvae_tf.files import replace_text, require_space
from ugvae_tf.serving import saved_model
from ugvae_tf.training.history import History
from ugvae_tf.training.run_lock import RunLock

FIGURES = ("training", "reconstructions", "samples")
WRITTEN = (  # by a run, besides versions: what `overwrite` deletes
    "history.csv",
    "checkpoints/checkpoint",
    "checkpoints/ckpt-*",
    "checkpoints/best.weights.h5",
    "checkpoints/epoch.json",
    "logs/train",
    "logs/validation",
    "logs/run",
    "logs/pictures",  # of an older version
    *(f"figures/{name}.png" for name in FIGURES),
)


class RunFolder:
    """`saved_models/<name>/`: config.json, history.csv, checkpoints/, logs/, figures/ and versions 1/, 2/, ..."""

    def __init__(self, output_dir: str, name: str) -> None:
        self.path = Path(output_dir) / name
        self.config = self.path / "config.json"
        self.history = History(self.path / "history.csv")
        self.checkpoints = self.path / "checkpoints"
        self.best_weights = self.checkpoints / "best.weights.h5"
        self.epoch_sums = self.checkpoints / "epoch.json"
        self.logs = self.path / "logs"
        self.figures = self.path / "figures"
        self.lock = RunLock(self.path)
        self._discarded = self.path / ".discarded"  # what `overwrite` removes; while it exists, there is no run

    @property
    def holds_training(self) -> bool:
        """Whether the folder has a run; exported versions alone are not a run."""
        return not self._discarded.exists() and (self.checkpoints.exists() or self.history.path.exists())

    def check(self, resume: bool, overwrite: bool) -> None:
        """Raise UserError unless a run can be started, or resumed, in this folder."""
        if resume and not self.holds_training:
            raise UserError(f"There is no run to resume in {self.path}: leave out `resume` to start one.")
        if self.holds_training and not (resume or overwrite):
            raise UserError(
                f"{self.path} already has a run: add `resume` to continue it, `overwrite` to start a new run "
                f"(exported versions stay), or `name` for another folder."
            )
        self.lock.check()
        self._check_writable()
        self._check_config()

    def _check_writable(self) -> None:
        """Raise UserError if the folder cannot be written; nothing is created before all checks have passed."""
        existing = self._existing()
        if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
            raise UserError(f"Cannot write to {existing}: choose another folder with `output_dir`.")

    def _existing(self) -> Path:
        """The folder, or the nearest of its parents that exists."""
        return next(path for path in (self.path, *self.path.absolute().parents) if path.exists())

    def require_space(self, size: int) -> None:
        """Raise UserError if the disk has fewer than `size` bytes free."""
        require_space(self._existing(), size)

    def _check_config(self) -> None:
        """Raise UserError if the folder has a config.json that no run wrote."""
        if not self.config.exists() or self.holds_training:
            return
        try:
            self.saved_config()
        except UserError as error:
            raise UserError(
                f"{self.config} is not that of a run, and stays as it is: choose another `name`."
            ) from error

    def saved_config(self) -> Config:
        """The configuration of the run in this folder."""
        return configuration.from_json(self._config_text())

    def _config_text(self) -> str:
        try:
            return self.config.read_text()
        except (OSError, ValueError) as error:
            raise UserError(f"{self.config} cannot be read ({error}): the run cannot be resumed.") from error

    def claim(self, resume: bool, overwrite: bool) -> None:
        """Create the folder and lock it; with `overwrite`, delete the earlier run but not its exported versions.

        Raises:
            UserError: the folder cannot be written, or another process has begun a run in it.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self.lock.take()
            self.check(resume, overwrite)
            if overwrite or self._discarded.exists():
                self._discard()
        except OSError as error:
            raise UserError(
                f"Cannot write to {self.path} ({error}): choose another folder with `output_dir`."
            ) from error

    def _discard(self) -> None:
        """Move aside what an earlier run wrote, then delete it: after a kill in between, there is no run."""
        self._discarded.mkdir(exist_ok=True)
        for pattern in WRITTEN:
            for part in self.path.glob(pattern):
                aside = self._discarded / part.relative_to(self.path)
                aside.parent.mkdir(exist_ok=True)
                part.replace(aside)
        for folder in (self.checkpoints, self.logs, self.figures):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        shutil.rmtree(self._discarded)

    def saved_checksum(self) -> str | None:
        """That of the training images of the run in this folder; None in a run of an older version."""
        found = json.loads(self._config_text()).get("data_checksum")
        return found if isinstance(found, str) else None

    def saved_xla(self) -> bool | None:
        """Whether XLA compiled the training step of the run in this folder, on which its noise depends."""
        found = json.loads(self._config_text()).get("xla")
        return found if isinstance(found, bool) else None

    def best_weights_file(self) -> Path:
        """The weights of the epoch with the lowest validation loss; raises UserError if they are missing."""
        if not self.best_weights.is_file():
            raise UserError(f"{self.best_weights}, the weights of the best epoch, is missing: start with `overwrite`.")
        return self.best_weights

    def validation_losses(self, epochs: int) -> list[float]:
        """Of the first epochs, as far as history.csv has them."""
        return [row["val_loss"] for row in self.history.rows(epochs)]

    def write_config(self, text: str) -> None:
        """Put config.json in place by one rename."""
        replace_text(self.config, text)

    def versions(self) -> list[int]:
        """The exported versions, oldest first."""
        return saved_model.versions(self.path)

    def is_exported(self, config_json: str) -> bool:
        """Whether the newest version is from the run in this folder: equal configuration, newer than the checkpoint."""
        newest = self.path / str(max(self.versions(), default=0)) / "assets.extra" / "config.json"
        if not newest.is_file() or newest.read_text() != config_json:
            return False
        saved = [file.stat().st_mtime_ns for file in self.checkpoints.glob("ckpt-*.index")]
        return newest.stat().st_mtime_ns >= max(saved, default=0)

    def next_version(self) -> Path:
        """The folder of the next version to export."""
        return saved_model.next_version(self.path)
