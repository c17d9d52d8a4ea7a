"""What a run writes for TensorBoard at its end: hyper-parameters with the result, pictures, and codes of groups."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import tensorflow as tf

from ugvae_tf.config import Config
from ugvae_tf.training.board import RUN, as_image
from ugvae_tf.training.board_layout import settings


def write_results(
    logs: Path, config: Config, figures: Path, epochs: int, validation: Mapping[str, float], verdict: str
) -> None:
    """Hyper-parameters beside the loss and terms of the exported weights; the figures; the verdict.

    Args:
        figures: the folder of the run's figures, already drawn.
        epochs: that were trained.
        validation: loss and terms of validation images, nats per image.
    """
    from tensorboard.plugins.hparams import api

    writer = tf.summary.create_file_writer(str(logs / RUN))
    with suppress(tf.errors.OpError), writer.as_default(step=epochs):  # the model is exported, on a full disk too
        api.hparams_config(
            hparams=[api.HParam(name) for name in settings(config)],
            metrics=[api.Metric(f"result/{name}", display_name=f"validation {name}") for name in validation],
        )
        api.hparams(settings(config), trial_id=str(logs))
        for name, value in validation.items():
            tf.summary.scalar(f"result/{name}", value)
        for name in ("reconstructions", "samples"):
            tf.summary.image(f"pictures/{name}", as_image((figures / f"{name}.png").read_bytes()))
        tf.summary.text("verdict", verdict)
        writer.close()
