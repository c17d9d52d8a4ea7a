"""The loss of validation images over the epochs of several trainings, as one figure.

`python benchmarks/bound_curves.py VAE=saved_models/vae GM-VAE=saved_models/gm-vae --file bounds.png` reads each model's
history.csv. The first epochs, whose losses are far higher, are left out.
"""

import argparse
import csv
from pathlib import Path

import numpy as np

from ugvae_tf.plots.curves import curves

FIRST, RATIO = 10, 1.3  # the first epoch that is drawn, and that of the next one to the one before
APART = 0.9  # an epoch nearer to the last one is left out, so that their numbers do not overlap


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="NAME=FOLDER", help="of trained models")
    parser.add_argument("--file", type=Path, default=Path("bounds.png"), help="of the figure")
    flags = parser.parse_args()
    found = {name: losses(Path(folder)) for name, folder in (model.split("=", 1) for model in flags.models)}
    longest = max(len(of_epoch) for of_epoch in found.values())
    epochs = np.geomspace(FIRST, longest, 1 + round(np.log(longest / FIRST) / np.log(RATIO))).astype(int)
    lines = {name: points(of_epoch, epochs) for name, of_epoch in found.items()}
    figure = curves(
        lines,
        "Loss of validation images during training",
        "Minus the bound that is trained, of images that are not trained on; lower is better.",
        ("epoch", "validation loss, nats per image"),
    )
    figure.savefig(flags.file, dpi=110)


def losses(folder: Path) -> list[float]:
    """The validation loss of every epoch."""
    with (folder / "history.csv").open(encoding="utf-8") as file:
        return [float(row["val_loss"]) for row in csv.DictReader(file)]


def points(of_epoch: list[float], epochs: np.ndarray) -> np.ndarray:
    """Epoch, loss, and the loss twice, for no interval is known [P, 4]: of these epochs and of the last one."""
    last = len(of_epoch)
    drawn = [*epochs[epochs < APART * last], last]
    return np.array([(epoch, *[of_epoch[epoch - 1]] * 3) for epoch in drawn])


if __name__ == "__main__":
    main()
