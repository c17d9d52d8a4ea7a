"""One training run, from a request to an exported version."""

import csv
from functools import cached_property
from importlib.metadata import version as version_of

import keras
import numpy as np

from ugvae_tf import config as configuration
from ugvae_tf import export, monitoring, training
from ugvae_tf.checkpoints import Checkpoints, SaveEachEpoch
from ugvae_tf.clusters import label_by_model
from ugvae_tf.commands.train import TrainRequest
from ugvae_tf.datasets import grouping
from ugvae_tf.datasets.loading import load_split, open_training
from ugvae_tf.interruption import StopOnInterrupt
from ugvae_tf.plots import charts
from ugvae_tf.terminal import Interrupted

PACKAGES = ("ugvae_tf", "tensorflow", "keras", "tensorflow-probability")


def train(request: TrainRequest) -> str:
    """Train, or go on training, then export; returns what to tell the user.

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
    if run.is_over and run.folder.is_exported(run.config_json):
        return f"{run.folder.path} is complete and exported: raise --epochs to go on."
    run.fit()
    return run.finish() if run.chief else "This worker is done: the chief exports the model."


class TrainingRun:
    """Data, model and checkpoints of one run; made only if the run is possible."""

    def __init__(self, request: TrainRequest) -> None:
        self.request, self.config, self.folder = request, request.config, request.folder
        data, groups_per_step = self.config.data, self.config.training.groups_per_step
        strategy = training.make_strategy()
        training.check_replicas(strategy, groups_per_step)
        self.chief = training.is_chief(strategy)
        self.train_set, self.held_out = open_training(data), load_split(data, "held-out")
        label_by_model(self.train_set, data.group_by)
        self.image_shape = self.train_set.image_shape
        self.steps = training.steps_per_epoch(self.train_set, self.config)
        label_by_model(self.held_out, data.group_by)
        with strategy.scope():
            self.model = training.compiled_model(self.config, self.image_shape, self.steps)
        self.checkpoints = Checkpoints(self.folder.checkpoints, self.model, self.chief)

    @cached_property
    def config_json(self) -> str:
        """The configuration, and how else the model came to be."""
        return configuration.to_json(
            self.config,
            image_shape=list(self.image_shape),
            training_images=len(self.train_set),
            held_out_images=len(self.held_out),
            versions={package: version_of(package) for package in PACKAGES},
        )

    @cached_property
    def example_group(self) -> np.ndarray:
        """Held-out images for pictures [B, H, W, C]."""
        return grouping.scaled(self.held_out.images[: self.config.data.group_size]).numpy()

    @property
    def is_over(self) -> bool:
        """Whether the last epoch is done."""
        return self.checkpoints.step >= self.steps * self.config.training.epochs

    def fit(self) -> None:
        """Train to the last epoch; on Ctrl-C save, then raise Interrupted."""
        step = self.checkpoints.step
        try:
            training.fit(
                self.model,
                self.config,
                self.train_set,
                self.held_out,
                first_step=step,
                callbacks=self._callbacks(first_epoch=step // self.steps),
            )
        except KeyboardInterrupt as stop:
            self.checkpoints.save()
            epoch, within = divmod(self.checkpoints.step, self.steps)
            raise Interrupted(
                f"Stopped after {epoch} epochs and {within} of {self.steps} steps, and saved. "
                f"Go on with the same command and --resume."
            ) from stop

    def _callbacks(self, first_epoch: int) -> list[keras.callbacks.Callback]:
        always = [SaveEachEpoch(self.checkpoints), StopOnInterrupt()]
        if not self.chief:
            return always
        self.folder.trim_history(first_epoch)
        return [
            keras.callbacks.CSVLogger(self.folder.history, append=True),
            keras.callbacks.TensorBoard(self.folder.logs, write_graph=False),
            monitoring.TensorBoardPictures(str(self.folder.logs / "pictures"), self.example_group),
            *always,
        ]

    def finish(self) -> str:
        """Draw the run's figures, export the model as the next version, and say where it is."""
        history = self._history()
        self._save_figures(history)
        version = self.folder.next_version()
        export.export(self.model, version, self.config_json, self.config.data.group_size)
        last = {name: values[-1] for name, values in history.items()}
        terms = "  ".join(f"{name} {last[f'val_{name}']:.2f}" for name in ("loss", *self.model.term_names))
        return (
            f"Held-out images, in nats per image:  {terms}\n"
            f"Exported to {version}.  Figures: {self.folder.figures}.  "
            f"Curves: tensorboard --logdir {self.folder.logs}\n"
            f"Next: python evaluate.py --task batch-classification --saved-model {self.folder.path}"
        )

    def _history(self) -> dict[str, np.ndarray]:
        with self.folder.history.open() as file:
            rows = list(csv.DictReader(file))
        return {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}

    def _save_figures(self, history: dict[str, np.ndarray]) -> None:
        self.folder.figures.mkdir(exist_ok=True)
        figures = {
            "training": charts.training_curves(history, f"{self.config.model.model} on {self.config.data.dataset}"),
            "reconstructions": monitoring.reconstructions(self.model, self.example_group),
            "samples": monitoring.component_samples(self.model, self.config.training.seed),
        }
        for name, figure in figures.items():
            figure.savefig(self.folder.figures / f"{name}.png", dpi=120)
