"""One training run, from a request to an exported version."""

import csv
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

from ugvae_tf.datasets.image_set import scaled
from ugvae_tf.datasets.loading import count_held_out, load_split, open_training
from ugvae_tf.datasets.validation_split import HeldBack
from ugvae_tf.errors import Interrupted
from ugvae_tf.plots import charts
from ugvae_tf.serving import export
from ugvae_tf.training import fitting, monitoring
from ugvae_tf.training.checkpoints import Checkpoints, SaveEachEpoch
from ugvae_tf.training.clusters import clustered
from ugvae_tf.training.early_stopping import EarlyStopping, best_weights, is_stopped
from ugvae_tf.training.interruption import StopOnInterrupt
from ugvae_tf.training.request import TrainRequest


class Trained(NamedTuple):
    """The result of a run."""

    version: Path | None  # the exported version; None on a worker that is not the chief
    validation: dict[str, float]  # loss and terms of the exported epoch on validation images, nats per image; or none
    is_new: bool = True  # False: the run was complete and already exported


def train(request: TrainRequest) -> Trained:
    """Train, or continue a run, then export.

    Raises:
        UserError: the data, the folder or the number of replicas do not allow the run.
        Interrupted: Ctrl-C, after the state was saved.
    """
    run = TrainingRun(request)
    if run.chief:
        run.folder.claim(request.overwrite)
        run.folder.write_config(run.config_json)
    if request.resume:
        run.checkpoints.restore()
    elif not run.config.training.epochs:
        run.checkpoints.save()  # the initial weights, from which `resume` trains
    if run.is_over and run.folder.is_exported(run.config_json):
        return Trained(run.folder.path / str(run.folder.versions()[-1]), {}, is_new=False)
    if not run.is_over:
        run.fit()
    return run.finish() if run.chief else Trained(None, {})


class TrainingRun:
    """Data, model and checkpoints of one run; the constructor raises UserError for an impossible run."""

    def __init__(self, request: TrainRequest) -> None:
        self.request, self.config, self.folder = request, request.config, request.folder
        data, groups_per_step = self.config.data, self.config.training.groups_per_step
        strategy = fitting.make_strategy()
        fitting.check_replicas(strategy, groups_per_step)
        self.chief = fitting.is_chief(strategy)
        held_back = HeldBack.by(self.config)
        self.train_set = open_training(data, held_back)
        self.validation = load_split(data, "validation" if held_back.share else "held-out", held_back)
        if data.group_by_clusters:
            self.train_set = clustered(self.train_set, data.group_by_clusters)
            self.validation = clustered(self.validation, data.group_by_clusters)
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
        return export.provenance(self.config, self.image_shape, len(self.train_set), held_out, validated)

    @cached_property
    def example_group(self) -> np.ndarray:
        """Images for pictures that are not trained on [B, H, W, C]."""
        return scaled(self.validation.images[: self.config.data.group_size]).numpy()

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
            fitting.fit(
                self.model,
                self.config,
                self.train_set,
                self.validation,
                first_step=step,
                callbacks=self._callbacks(first_epoch=step // self.steps),
            )
        except KeyboardInterrupt as stop:
            self.checkpoints.save()
            epoch, within = divmod(self.checkpoints.step, self.steps)
            raise Interrupted(
                f"Stopped after {epoch} epochs and {within} of {self.steps} steps; the state is saved. "
                f"Continue with the same command and `resume`."
            ) from stop

    def _callbacks(self, first_epoch: int) -> list[keras.callbacks.Callback]:
        always = [SaveEachEpoch(self.checkpoints), StopOnInterrupt()]
        if (patience := self.config.training.early_stopping) is not None:
            losses = self.folder.validation_losses(first_epoch)
            best = [best_weights(self.folder.best_weights, losses)] if self.chief else []
            always = [*best, EarlyStopping(patience, losses), *always]
        if not self.chief:
            return always
        self.folder.trim_history(first_epoch)
        return [
            keras.callbacks.CSVLogger(self.folder.history, append=True),
            keras.callbacks.TensorBoard(self.folder.logs, write_graph=False),
            monitoring.TensorBoardPictures(str(self.folder.logs / "pictures"), self.example_group),
            *always,
        ]

    def finish(self) -> Trained:
        """Draw the run's figures and export the model as the next version."""
        history, exported = self._history(), -1
        if self.config.training.early_stopping is not None:
            self.model.load_weights(self.folder.best_weights)
            exported = int(history["val_loss"].argmin())
        self._save_figures(history)
        version = self.folder.next_version()
        export.export_version(self.model, version, self.config_json, self.config.data.group_size)
        names = ("loss", *self.model.term_names) if history else ()
        return Trained(version, {name: history[f"val_{name}"][exported] for name in names})

    def _history(self) -> dict[str, np.ndarray]:
        """The columns of history.csv [epochs]; none before the first epoch."""
        if not self.folder.history.exists():
            return {}
        with self.folder.history.open() as file:
            rows = list(csv.DictReader(file))
        return {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}

    def _save_figures(self, history: dict[str, np.ndarray]) -> None:
        self.folder.figures.mkdir(exist_ok=True)
        title = f"{self.config.model.model} on {self.config.data.dataset}"
        curves = {"training": charts.training_curves(history, title)} if history else {}
        figures = {
            **curves,
            "reconstructions": monitoring.reconstructions(self.model, self.example_group),
            "samples": monitoring.component_samples(self.model, self.config.training.seed),
        }
        for name, figure in figures.items():
            figure.savefig(self.folder.figures / f"{name}.png", dpi=120)
