"""The end of a run: figures, the exported version, and its result."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ugvae_tf import progress
from ugvae_tf.codes import Codes
from ugvae_tf.errors import UserError
from ugvae_tf.evaluation.constant_image import constant_image_loss
from ugvae_tf.serving import export
from ugvae_tf.serving.component_names import ComponentNames
from ugvae_tf.serving.naming import component_names
from ugvae_tf.training import figures, fitting
from ugvae_tf.training.board import RUN
from ugvae_tf.training.board_results import write_results
from ugvae_tf.training.outcome import Outcome, verdict
from ugvae_tf.training.projector import write_projector

if TYPE_CHECKING:
    from ugvae_tf.training.run import TrainingRun


class Trained(NamedTuple):
    """The result of a run."""

    version: Path | None  # the exported version; None on a worker that is not the chief
    validation: dict[str, float]  # loss and terms of the exported epoch on validation images, nats per image; or none
    outcome: Outcome | None = None  # None without an epoch
    is_new: bool = True  # False: the run was complete and already exported


def finished(run: "TrainingRun") -> Trained:
    """Draw the run's figures, export the model as the next version, and write the result for TensorBoard."""
    config, folder, model = run.config, run.folder, run.model
    history, exported = figures.columns(folder.history.rows(config.training.epochs)), -1
    if config.training.early_stopping is not None:
        model.load_weights(folder.best_weights_file())
        exported = int(history["val_loss"].argmin())
    with progress.phase("Drawing the figures"):
        figures.save(folder.figures, model, history, run.example_group, config)
    version = folder.next_version()
    with progress.phase("Exporting the model"):
        export.export_version(model, version, run.config_json, config.data.group_size, _component_names(run))
    if not history:
        return Trained(version, {})
    validation = {name: float(history[f"val_{name}"][exported]) for name in ("loss", *model.term_names)}
    outcome = _outcome(run, history["val_loss"].tolist(), exported)
    with progress.phase("Writing the results for TensorBoard"):
        _write_board(run, validation, outcome)
    return Trained(version, validation, outcome)


def _component_names(run: "TrainingRun") -> ComponentNames | None:
    """Names of the components where images in memory have a label for them."""
    try:
        images = run.train_set.in_memory("Names of components")
    except UserError:
        return None

    def encode(groups: np.ndarray, sizes: np.ndarray) -> Codes:
        return run.model.encode(groups, np.arange(groups.shape[1]) < sizes[:, np.newaxis])

    return component_names(encode, images, fitting.grouping_of(run.config), run.config.model.components)


def _outcome(run: "TrainingRun", losses: list[float], exported: int) -> Outcome:
    floor = constant_image_loss(run.validation.images, run.config.model)
    trained, seconds = len(losses) - run.first_epoch, time.monotonic() - run.began
    return Outcome(losses, exported % len(losses), floor, trained, seconds)


def _write_board(run: "TrainingRun", validation: dict[str, float], outcome: Outcome) -> None:
    logs, epochs = run.folder.logs, len(outcome.losses)
    write_results(logs, run.config, run.folder.figures, epochs, validation, verdict(outcome))
    write_projector(logs / RUN, run.model, run.validation, fitting.grouping_of(run.config))
