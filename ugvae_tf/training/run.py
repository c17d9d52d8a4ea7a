"""One training run, from a request to an exported version."""

from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

from ugvae_tf.datasets.image_set import scaled
from ugvae_tf.datasets.loading import count_held_out, open_run
from ugvae_tf.datasets.validation_split import HeldBack
from ugvae_tf.errors import Interrupted, UserError
from ugvae_tf.plots import charts
from ugvae_tf.serving import export
from ugvae_tf.training import fitting, monitoring
from ugvae_tf.training.checkpoints import Checkpoints, SaveEachEpoch, nothing_to_resume
from ugvae_tf.training.clusters import clustered
from ugvae_tf.training.early_stopping import EarlyStopping, best_weights, is_stopped
from ugvae_tf.training.finite_loss import StopAtNonFiniteLoss
from ugvae_tf.training.interruption import StopOnInterrupt
from ugvae_tf.training.recording import RecordEpoch
from ugvae_tf.training.request import TrainRequest
from ugvae_tf.training.run_folder import RunFolder


class Trained(NamedTuple):
    """The result of a run."""

    version: Path | None  # the exported version; None on a worker that is not the chief
    validation: dict[str, float]  # loss and terms of the exported epoch on validation images, nats per image
    is_new: bool = True  # False: the run was complete and already exported


def train(request: TrainRequest) -> Trained:
    """Train, or continue a run, then export.

    Raises:
        UserError: the data, the folder or the number of replicas do not allow the run; another process has a run in
            the folder; the checkpoints of the run are damaged; or the loss is not finite.
        Interrupted: Ctrl-C, after the state was saved.
    """
    folder = request.folder
    with folder.lock:
        run = TrainingRun(request, folder)
        if run.chief:
            folder.claim(request.resume, request.overwrite)
        if request.resume:
            run.restore()
        if run.chief:
            folder.write_config(run.config_json)
        if run.is_over and folder.is_exported(run.config_json):
            return Trained(folder.path / str(folder.versions()[-1]), {}, is_new=False)
        if not run.is_over:
            run.fit()
        return run.finish() if run.chief else Trained(None, {})


class TrainingRun:
    """Data, model and checkpoints of one run; the constructor raises UserError for an impossible run."""

    def __init__(self, request: TrainRequest, folder: RunFolder) -> None:
        self.request, self.config, self.folder = request, request.config, folder
        data, groups_per_step = self.config.data, self.config.training.groups_per_step
        strategy = fitting.make_strategy()
        fitting.check_replicas(strategy, groups_per_step)
        self.chief = fitting.is_chief(strategy)
        if self.chief:
            self.folder.lock.take()  # before the data are read: another run in the folder is found at once
        self.train_set, self.validation = open_run(data, HeldBack.by(self.config))
        if data.group_by_clusters:
            self.train_set = clustered(self.train_set, data.group_by_clusters, request.trust)
            self.validation = clustered(self.validation, data.group_by_clusters, request.trust)
        self.image_shape = self.train_set.image_shape
        self.steps = self.train_set.steps_per_epoch(fitting.grouping_of(self.config))
        with strategy.scope():
            self.model = fitting.compiled_model(self.config, self.image_shape, self.steps)
        self.checkpoints = Checkpoints(self.folder.checkpoints, self.model, self.chief)

    @cached_property
    def config_json(self) -> str:
        """The text of config.json: the configuration and the provenance."""
        data, validated = self.config.data, len(self.validation) if self.config.training.validation_share else 0
        held_out = count_held_out(data) if validated else len(self.validation)
        counts = len(self.train_set), held_out, validated
        return export.provenance(self.config, self.image_shape, *counts, data_checksum=self.data_checksum)

    @cached_property
    def data_checksum(self) -> str:
        """That of the training images and their group label."""
        return self.train_set.checksum(fitting.grouping_of(self.config).label)

    @cached_property
    def example_group(self) -> np.ndarray:
        """Images for pictures that are not trained on [B, H, W, C]."""
        return scaled(self.validation.images[: self.config.data.group_size]).numpy()

    def restore(self) -> None:
        """Continue from the newest whole checkpoint; a line is printed if that is not the last one written.

        Raises:
            UserError: the images are others than those of the run, more epochs are done than the configuration has, or
                no checkpoint is whole.
        """
        if self.folder.saved_checksum() not in (None, self.data_checksum):
            raise UserError(
                f"The training images are not those of the run in {self.folder.path}: give its images to `resume` it, "
                "or start a run under another `name`."
            )
        is_newest, rows = self.checkpoints.restore(), self.folder.history.rows()
        done = self.checkpoints.step / self.steps
        if done == 0 and len(rows) > 1:  # the first row is written before the first checkpoint
            raise nothing_to_resume(self.folder.checkpoints)
        if done > self.config.training.epochs:
            raise UserError(f"{done:g} epochs of this run are done: give `epochs` of that number or more.")
        if not is_newest or len(rows) > done + 1:
            print(f"The newest checkpoint is damaged: the run continues after {done:g} epochs, from the one before it.")

    @property
    def is_over(self) -> bool:
        """Whether the last epoch is done, or training was stopped early."""
        step, training = self.checkpoints.step, self.config.training
        if step >= self.steps * training.epochs:
            return True
        losses = self.folder.validation_losses(step // self.steps)
        return training.early_stopping is not None and is_stopped(losses, training.early_stopping)

    def fit(self) -> None:
        """Train to the last epoch; on Ctrl-C save, then raise Interrupted."""
        step = self.checkpoints.step
        try:
            with StopOnInterrupt() as interrupt:
                fitting.fit(
                    self.model,
                    self.config,
                    self.train_set,
                    self.validation,
                    first_step=step,
                    callbacks=[*self._callbacks(first_epoch=step // self.steps), interrupt],
                )
        except KeyboardInterrupt as stop:
            epoch, within = divmod(self.checkpoints.step, self.steps)
            if within:  # else the callbacks saved the state, after the row of the epoch
                self.checkpoints.save()
            raise Interrupted(
                f"Stopped after {epoch} epochs and {within} of {self.steps} steps; the state is saved. "
                f"Continue with the same command and `resume`."
            ) from stop

    def _callbacks(self, first_epoch: int) -> list[keras.callbacks.Callback]:
        first, always = StopAtNonFiniteLoss(self.config), [SaveEachEpoch(self.checkpoints)]
        if (patience := self.config.training.early_stopping) is not None:
            losses = self.folder.validation_losses(first_epoch)
            best = [best_weights(self.folder.best_weights, losses)] if self.chief else []
            always = [*best, EarlyStopping(patience, losses), *always]
        if not self.chief:
            return [first, *always]
        return [
            first,
            RecordEpoch(self.folder.history),
            keras.callbacks.TensorBoard(self.folder.logs, write_graph=False),
            monitoring.TensorBoardPictures(str(self.folder.logs / "pictures"), self.example_group),
            *always,
        ]

    def finish(self) -> Trained:
        """Draw the run's figures and export the model as the next version."""
        history, exported = self._history(), -1
        if self.config.training.early_stopping is not None:
            self.model.load_weights(self.folder.best_weights_file())
            exported = int(history["val_loss"].argmin())
        self._save_figures(history)
        version = self.folder.next_version()
        export.export_version(self.model, version, self.config_json, self.config.data.group_size)
        return Trained(version, {name: history[f"val_{name}"][exported] for name in ("loss", *self.model.term_names)})

    def _history(self) -> dict[str, np.ndarray]:
        rows = self.folder.history.rows(self.config.training.epochs)
        return {name: np.array([row[name] for row in rows]) for name in rows[0]}

    def _save_figures(self, history: dict[str, np.ndarray]) -> None:
        self.folder.figures.mkdir(exist_ok=True)
        figures = {
            "training": charts.training_curves(history, f"{self.config.model.model} on {self.config.data.dataset}"),
            "reconstructions": monitoring.reconstructions(self.model, self.example_group),
            "samples": monitoring.component_samples(self.model, self.config.training.seed),
        }
        for name, figure in figures.items():
            figure.savefig(self.folder.figures / f"{name}.png", dpi=120)
