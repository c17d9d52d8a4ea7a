"""One training run, from a request to an exported version."""

import math
import time
from contextlib import ExitStack
from functools import cached_property

import keras
import numpy as np

from ugvae_tf import progress
from ugvae_tf.datasets.image_set import scaled
from ugvae_tf.datasets.loading import count_held_out, open_run
from ugvae_tf.datasets.validation_split import HeldBack
from ugvae_tf.errors import Interrupted
from ugvae_tf.files import written_to
from ugvae_tf.serving import export
from ugvae_tf.training import fitting
from ugvae_tf.training.banner import Sizes, banner
from ugvae_tf.training.board import Board
from ugvae_tf.training.checkpoints import Checkpoints, SaveEachEpoch
from ugvae_tf.training.clusters import clustered
from ugvae_tf.training.component_start import ComponentStart
from ugvae_tf.training.early_stopping import EarlyStopping, best_weights, is_stopped
from ugvae_tf.training.epoch_lines import EpochLines
from ugvae_tf.training.epoch_sums import EpochSums
from ugvae_tf.training.finishing import Trained, finished
from ugvae_tf.training.finite_loss import StopAtNonFiniteLoss
from ugvae_tf.training.interruption import StopOnInterrupt
from ugvae_tf.training.memory import within_memory
from ugvae_tf.training.recording import RecordEpoch
from ugvae_tf.training.request import TrainRequest
from ugvae_tf.training.resumption import check_data, restore
from ugvae_tf.training.run_folder import RunFolder
from ugvae_tf.training.workers import with_all_workers

RECORDS = 10**7  # bytes of history, figures and logs, about
NUMBER = 4  # bytes of a float32


def train(request: TrainRequest) -> Trained:
    """Train, or continue a run, then export.

    Raises:
        UserError: the data, the folder or the number of replicas do not allow the run; another process has a run in
            the folder; the checkpoints of the run are damaged; or the loss is not finite.
        Interrupted: Ctrl-C, SIGTERM or the end of the terminal, after the state was saved.
    """
    folder = request.folder
    with folder.lock, within_memory():
        run = TrainingRun(request, folder)
        if run.chief:
            folder.require_space(run.size_on_disk)
            folder.claim(request.resume, request.overwrite)
        if request.resume:
            run.restore()
        with written_to(folder.path, "continue with the same command and `resume`"):
            return run.carried_out()


class TrainingRun:
    """Data, model and checkpoints of one run; the constructor raises UserError for an impossible run."""

    def __init__(self, request: TrainRequest, folder: RunFolder) -> None:
        self.request, self.config, self.folder = request, request.config, folder
        self.began, self.first_epoch = time.monotonic(), 0
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
        with strategy.scope(), progress.phase("Building the model"):
            xla = folder.saved_xla() if request.resume else None
            self.model = fitting.compiled_model(self.config, self.image_shape, self.steps, xla)
        self.checkpoints = Checkpoints(self.folder.checkpoints, self.model, self.chief)
        self.sums = EpochSums(self.folder.epoch_sums, self.model)

    @cached_property
    def config_json(self) -> str:
        """The text of config.json: the configuration and the provenance."""
        data, validated = self.config.data, len(self.validation) if self.config.training.validation_share else 0
        held_out = count_held_out(data) if validated else len(self.validation)
        counts = len(self.train_set), held_out, validated
        return export.provenance(
            self.config, self.image_shape, *counts, data_checksum=self.data_checksum, xla=self.model.jit_compile
        )

    @cached_property
    def data_checksum(self) -> str:
        """That of the training images and their group label."""
        return self.train_set.checksum(fitting.grouping_of(self.config).label)

    @cached_property
    def example_group(self) -> np.ndarray:
        """Images for pictures that are not trained on [B, H, W, C]."""
        return scaled(self.validation.images[: self.config.data.group_size]).numpy()

    def restore(self) -> None:
        """Continue from the newest whole checkpoint; raises UserError if there is none, or it is not of this run."""
        check_data(self.folder, self.data_checksum)
        restore(self.checkpoints, self.folder, self.steps, self.config.training.epochs)
        self.sums.restore(self.checkpoints.step)

    @property
    def size_on_disk(self) -> int:
        """Bytes of the three checkpoints that exist while one is written, of the weights and of their export."""
        weights, optimiser = (
            sum(NUMBER * math.prod(variable.shape) for variable in owner.variables)
            for owner in (self.model, self.model.optimizer)
        )
        state = weights + optimiser
        return 3 * state + 2 * weights + RECORDS

    def carried_out(self) -> Trained:
        """Train what is left of the run, and export the model unless that is done."""
        if self.chief:
            self.folder.write_config(self.config_json)
        if not self.config.training.epochs and not self.request.resume:
            self.checkpoints.save()  # the initial weights, from which `resume` trains
        if self.is_over and self.folder.is_exported(self.config_json):
            return Trained(self.folder.path / str(self.folder.versions()[-1]), {}, is_new=False)
        if not self.is_over:
            self.fit()
        return finished(self) if self.chief else Trained(None, {})

    @property
    def is_over(self) -> bool:
        """Whether the last epoch is done, or training was stopped early."""
        step, training = self.checkpoints.step, self.config.training
        if step >= self.steps * training.epochs:
            return True
        losses = self.folder.validation_losses(step // self.steps)
        return training.early_stopping is not None and is_stopped(losses, training.early_stopping)

    def fit(self) -> None:
        """Train to the last epoch; on a signal to end, save, then raise Interrupted."""
        step = self.checkpoints.step
        self.first_epoch = step // self.steps
        progress.say(self.banner)
        try:
            with StopOnInterrupt() as interrupt, with_all_workers(self.model.distribute_strategy), ExitStack() as open_:
                callbacks = [*self._callbacks(open_), interrupt]
                fitting.fit(self.model, self.config, self.train_set, self.validation, step, callbacks)
        except KeyboardInterrupt as stop:
            epoch, within = divmod(self.checkpoints.step, self.steps)
            if within:
                self.sums.save(self.checkpoints.step, write=self.chief)
                self.checkpoints.save()
            else:  # the callbacks saved the state, after the row of the epoch
                epoch = len(self.folder.history.rows())
            raise Interrupted(
                f"Stopped after {epoch} epochs and {within} of {self.steps} steps; the state is saved. "
                f"Continue with the same command and `resume`."
            ) from stop

    def _callbacks(self, open_: ExitStack) -> list[keras.callbacks.Callback]:
        """In the order in which they act at the end of an epoch; those with files or lines end with `open_`."""
        lines = open_.enter_context(EpochLines(self.config.training.epochs, self.steps, len(self.train_set)))
        first, always = [self.sums, StopAtNonFiniteLoss(self.config)], [SaveEachEpoch(self.checkpoints), lines]
        if self.config.training.pre_training:
            images = self.train_set.in_memory("Components that start from codes")
            first = [*first, ComponentStart(self.config.training, self.steps, images)]
        if (patience := self.config.training.early_stopping) is not None:
            losses = self.folder.validation_losses(self.first_epoch)
            best = [best_weights(self.folder.best_weights, losses)] if self.chief else []
            always = [*best, EarlyStopping(patience, losses), *always]
        if not self.chief:
            return [*first, *always]
        board = open_.enter_context(Board(self.folder.logs, self.config, self.steps, self.example_group))
        return [*first, RecordEpoch(self.folder.history), board, *always]

    @property
    def banner(self) -> str:
        """What the run is about to do."""
        parameters = sum(math.prod(variable.shape) for variable in self.model.trainable_variables)
        sizes = Sizes(len(self.train_set), len(self.validation), self.image_shape, self.steps, parameters)
        return banner(self.config, self.folder, sizes)
