"""The figures of a finished run."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ugvae_tf.config import Config
from ugvae_tf.models.base import GroupModel
from ugvae_tf.plots.curves import training_curves
from ugvae_tf.plots.page import write
from ugvae_tf.training import monitoring


def columns(rows: Sequence[Mapping[str, float]]) -> dict[str, np.ndarray]:
    """The rows of history.csv as columns [epochs]; none before the first epoch."""
    return {name: np.array([row[name] for row in rows]) for name in rows[0]} if rows else {}


def save(
    folder: Path, model: GroupModel, history: Mapping[str, np.ndarray], images: np.ndarray, config: Config
) -> None:
    """Write curves, reconstructions and samples as PNG files.

    Args:
        images: one group that is not trained on, [B, H, W, C] in [0, 1].
    """
    folder.mkdir(exist_ok=True)
    title = f"Training of {config.model.model} on {config.data.dataset}: loss and terms of the bound by epoch"
    figures = {
        **({"training": training_curves(history, title)} if history else {}),
        "reconstructions": monitoring.reconstructions(model, images),
        "samples": monitoring.component_samples(model, config.training.seed),
    }
    for name, figure in figures.items():
        write(figure, folder / f"{name}.png")
