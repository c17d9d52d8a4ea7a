"""The loss of validation images over the epochs of several trainings, as one figure.

`python benchmarks/bound_curves.py VAE=saved_models/vae GM-VAE=saved_models/gm-vae --file bounds.png` reads each model's
history.csv; the first epochs, whose losses are far higher, are left out.
"""

import argparse
import csv
from pathlib import Path

import numpy as np

from ugvae_tf.plots.curves import curves

FIRST, RATIO = 10, 1.3  # the first epoch that is drawn, and that of the next one to the one before


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="NAME=FOLDER", help="of trained models")
    parser.add_argument("--file", type=Path, default=Path("bounds.png"), help="of the figure")
    flags = parser.parse_args()
    lines = {name: losses(Path(folder)) for name, folder in (model.split("=", 1) for model in flags.models)}
    figure = curves(
        lines,
        "Loss of validation images during training",
        "Minus the bound that is trained, of images that are not trained on; lower is better.",
        ("epoch", "validation loss, nats per image"),
    )
    figure.savefig(flags.file, dpi=110)


def losses(folder: Path) -> np.ndarray:
    """Epoch, validation loss, and the loss twice, for no interval is known [epochs, 4]."""
    with (folder / "history.csv").open(encoding="utf-8") as file:
        of_epoch = [float(row["val_loss"]) for row in csv.DictReader(file)]
    last = len(of_epoch)
    drawn = sorted({last, *np.geomspace(FIRST, last, 1 + round(np.log(last / FIRST) / np.log(RATIO))).astype(int)})
    return np.array([(epoch, *[of_epoch[epoch - 1]] * 3) for epoch in drawn])


if __name__ == "__main__":
    main()
