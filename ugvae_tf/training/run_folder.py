"""Where everything of one training run lies, and who may write there."""

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
        """Whether a run was begun here; exported versions alone are not one."""
        return self.checkpoints.exists() or self.history.exists()

    def check(self, resume: bool, overwrite: bool) -> None:
        """Raise UserError unless this run may be begun, or continued, here."""
        if resume and not self.holds_training:
            raise UserError(f"There is no run to resume in {self.path}: leave `resume` out to begin one.")
        if self.holds_training and not (resume or overwrite):
            raise UserError(
                f"{self.path} holds a run already: add `resume` to go on with it, `overwrite` to train anew "
                f"(exported versions stay), or `name` for another folder."
            )
        self._check_writable()

    def _check_writable(self) -> None:
        """Nothing is created before the run is known to be possible, so look at what there is."""
        existing = next(path for path in (self.path, *self.path.absolute().parents) if path.exists())
        if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
            raise UserError(f"Cannot write to {existing}: choose another folder with `output_dir`.")

    def saved_config(self) -> Config:
        """The configuration of the run that is here."""
        try:
            return configuration.from_json(self.config.read_text())
        except OSError as error:
            raise UserError(f"{self.config} cannot be read ({error}): the run cannot be resumed.") from error

    def claim(self, overwrite: bool) -> None:
        """Make the folder; with `overwrite`, drop the earlier run but not its exported versions."""
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
        """Keep the first rows: an epoch whose checkpoint was lost is trained, and told, again."""
        if self.history.exists():
            lines = self.history.read_text().splitlines(keepends=True)  # none before the first epoch's end
            self.history.write_text("".join(lines[: 1 + epochs]))

    def validation_losses(self, epochs: int) -> list[float]:
        """Of the first epochs, as far as history.csv has them."""
        if not self.history.exists():
            return []
        with self.history.open() as file:
            return [float(row["val_loss"]) for row in csv.DictReader(file)][:epochs]

    def write_config(self, text: str) -> None:
        """Put config.json in place by one rename."""
        partial = self.config.with_suffix(".partial")
        partial.write_text(text)
        partial.replace(self.config)

    def versions(self) -> list[int]:
        """The exported versions, oldest first."""
        return saved_model.versions(self.path)

    def is_exported(self, config_json: str) -> bool:
        """Whether the newest version was exported from the run that is here, by its configuration and its age."""
        newest = self.path / str(max(self.versions(), default=0)) / "assets.extra" / "config.json"
        if not newest.is_file() or newest.read_text() != config_json:
            return False
        return newest.stat().st_mtime_ns >= (self.checkpoints / "checkpoint").stat().st_mtime_ns

    def next_version(self) -> Path:
        """The folder of the version that is exported next."""
        return saved_model.next_version(self.path)
