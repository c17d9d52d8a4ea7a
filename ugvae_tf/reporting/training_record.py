"""What a run left of the training of a version: the last row of history.csv and the figures. Without TensorFlow."""

import csv
from math import nan
from pathlib import Path
from typing import NamedTuple

from ugvae_tf.serving.saved_model import CONFIG

CAPTIONS = {
    "training": "Loss and terms of the bound by epoch: curves that are flat at the end mean that training has "
    "converged; a validation loss that rises means overfitting.",
    "reconstructions": "Images that were not trained on, and their reconstructions at the end of training.",
    "samples": "Images that the model generates at the end of training.",
}
TERMS = {  # in this order, before others
    "loss": "loss",
    "log_px": "log p(x | z, beta): fidelity of the images",
    "kl_z": "KL of z",
    "kl_d": "KL of d",
    "kl_beta": "KL of beta",
}
EPOCH, VALIDATION = "epoch", "val_"


class TrainingRecord(NamedTuple):
    """The curves of a run, or the reason why there are none."""

    missing: str = ""
    epochs: int = 0
    rows: tuple[tuple[str, str, str], ...] = ()  # quantity, training, validation
    figures: tuple[tuple[Path, str], ...] = ()  # with their captions


def training_of(version: Path | None) -> TrainingRecord:
    """The record in the run folder around a version, if that run trained the version."""
    if version is None:
        return TrainingRecord("The model is on a server, which has no curves of its training.")
    run = version.parent
    if not (run / "history.csv").is_file() or not (run / "config.json").is_file():
        return TrainingRecord(f"The folder of the model has no curves of its training: no {run / 'history.csv'}.")
    if (run / "config.json").read_text() != (version / CONFIG).read_text():
        return TrainingRecord(f"The curves in {run} are of another run than version {version.name}.")
    return _read(run)


def _read(run: Path) -> TrainingRecord:
    try:
        with (run / "history.csv").open(encoding="utf-8", newline="") as file:
            rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
    except (OSError, ValueError, TypeError, csv.Error):
        return TrainingRecord(f"{run / 'history.csv'} is damaged.")
    if not rows:
        return TrainingRecord("The model was not trained: these are the initial weights.")
    names = [name for name in rows[-1] if name != EPOCH and not name.startswith(VALIDATION)]
    names.sort(key=lambda name: [*TERMS, name].index(name))
    last = rows[-1]
    cells = tuple(
        (TERMS.get(name, name), f"{last[name]:.3f}", f"{last.get(VALIDATION + name, nan):.3f}") for name in names
    )
    files = ((run / "figures" / f"{name}.png", caption) for name, caption in CAPTIONS.items())
    return TrainingRecord("", len(rows), cells, tuple(each for each in files if each[0].is_file()))
