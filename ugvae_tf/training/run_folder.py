"""The folder of one training run, and the rules for writing to it."""

import csv
import os
import shutil
from pathlib import Path

from ugvae_tf import config as configuration
from ugvae_tf.config import Config
from ugvae_tf.errors import UserError
from ugvae_tf.serving import saved_model


class RunFolder:
    """`saved_models/<name>/`: config.json, history.csv, checkpoints/, logs/, figures/ and versions 1/, 2/, ..."""

    def __init__(self, output_dir: str, name: str) -> None:
        self.path = Path(output_dir) / name
        self.config = self.path / "config.json"
        self.history = self.path / "history.csv"
        self.checkpoints = self.path / "checkpoints"
        self.best_weights = self.checkpoints / "best.weights.h5"
        self.logs = self.path / "logs"
        self.figures = self.path / "figures"

    @property
    def holds_training(self) -> bool:
        """Whether the folder has a run; exported versions alone are not a run."""
        return self.checkpoints.exists() or self.history.exists()

    def check(self, resume: bool, overwrite: bool) -> None:
        """Raise UserError unless a run can be started, or resumed, in this folder."""
        if resume and not self.holds_training:
            raise UserError(f"There is no run to resume in {self.path}: leave out `resume` to start one.")
        if self.holds_training and not (resume or overwrite):
            raise UserError(
                f"{self.path} already has a run: add `resume` to continue it, `overwrite` to start a new run "
                f"(exported versions stay), or `name` for another folder."
            )
        self._check_writable()

    def _check_writable(self) -> None:
        """Raise UserError if the folder cannot be written; nothing is created before all checks have passed."""
        existing = next(path for path in (self.path, *self.path.absolute().parents) if path.exists())
        if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
            raise UserError(f"Cannot write to {existing}: choose another folder with `output_dir`.")

    def saved_config(self) -> Config:
        """The configuration of the run in this folder."""
        try:
            return configuration.from_json(self.config.read_text())
        except OSError as error:
            raise UserError(f"{self.config} cannot be read ({error}): the run cannot be resumed.") from error

    def claim(self, overwrite: bool) -> None:
        """Create the folder; with `overwrite`, delete the earlier run but not its exported versions."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            if overwrite:
                for part in (self.checkpoints, self.logs, self.figures):
                    shutil.rmtree(part, ignore_errors=True)
                self.history.unlink(missing_ok=True)
        except OSError as error:
            raise UserError(
                f"Cannot write to {self.path} ({error}): choose another folder with `output_dir`."
            ) from error

    def trim_history(self, epochs: int) -> None:
        """Keep the rows of the first `epochs` epochs: an epoch without a checkpoint is trained and logged again."""
        if self.history.exists():
            lines = self.history.read_text().splitlines(keepends=True)  # empty before the end of the first epoch
            self.history.write_text("".join(lines[: 1 + epochs]))

    def validation_losses(self, epochs: int) -> list[float]:
        """Of the first epochs, as far as history.csv has them."""
        if not self.history.exists():
            return []
        with self.history.open() as file:
            return [float(row["val_loss"]) for row in csv.DictReader(file)][:epochs]

    def best_weights_file(self) -> Path:
        """The weights of the epoch with the lowest validation loss; raises UserError if they are missing."""
        if not self.best_weights.is_file():
            raise UserError(f"{self.best_weights}, the weights of the best epoch, is missing: start with `overwrite`.")
        return self.best_weights

    def write_config(self, text: str) -> None:
        """Put config.json in place by one rename."""
        partial = self.config.with_suffix(".partial")
        partial.write_text(text)
        partial.replace(self.config)

    def versions(self) -> list[int]:
        """The exported versions, oldest first."""
        return saved_model.versions(self.path)

    def is_exported(self, config_json: str) -> bool:
        """Whether the newest version is from the run in this folder: equal configuration, newer than the checkpoint."""
        newest = self.path / str(max(self.versions(), default=0)) / "assets.extra" / "config.json"
        if not newest.is_file() or newest.read_text() != config_json:
            return False
        return newest.stat().st_mtime_ns >= (self.checkpoints / "checkpoint").stat().st_mtime_ns

    def next_version(self) -> Path:
        """The folder of the next version to export."""
        return saved_model.next_version(self.path)
