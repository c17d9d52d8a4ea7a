"""Pictures during training: reconstructions, and samples of every component."""

import io

import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure

from ugvae_tf.models.base import GroupModel
from ugvae_tf.plots import pictures

COLUMNS = 10
MAX_COMPONENTS = 20  # in a picture, for legibility


def reconstructions(model: GroupModel, images: np.ndarray) -> Figure:
    """Images above the means of their reconstructions.

    Args:
        images: one group, [B, H, W, C] in [0, 1].
    """
    group = tf.constant(images[np.newaxis])
    codes = model.encoded(group, tf.ones(group.shape[:2]))
    decoded = model.decode(codes["z_mean"], codes.get("beta_mean"))["image_mean"]
    rows = np.stack([images[:COLUMNS], decoded.numpy()[0, :COLUMNS]])
    caption = (
        "A reconstruction is the mean of p(x | z, beta) at the means of q(z) and q(beta) of the image and its group."
    )
    heading = "Images not trained on, each above its reconstruction"
    return pictures.image_grid(rows, heading, ("images", "reconstructions"), caption=caption)


def component_samples(model: GroupModel, seed: int = 0) -> Figure:
    """Samples of the generative model: a row for every component d, beta ~ p(beta) in every column."""
    random = np.random.default_rng(seed)
    beta = None
    if model.config.has_beta:
        p_beta = model.global_prior(groups=COLUMNS)
        beta = p_beta.mean() + p_beta.stddev() * random.standard_normal(p_beta.mean().shape, np.float32)
    p_z = {name: value[:, :MAX_COMPONENTS] for name, value in model.prior(beta, COLUMNS).items()}
    noise = random.standard_normal(p_z["z_mean"].shape, np.float32)
    decoded = model.decode(p_z["z_mean"] + noise * p_z["z_stddev"], beta)["image_mean"].numpy()
    labels = [f"d = {component}" for component in range(decoded.shape[1])]
    title = f"New images from the prior: {len(labels)} of {model.config.components} components d, one in each row"
    columns = "one group in each column: beta ~ p(beta)" if model.config.has_beta else "another z in each column"
    given = "d, beta" if model.config.has_beta else "d"
    caption = f"No image was encoded: z ~ p(z | {given})."
    return pictures.image_grid(decoded.swapaxes(0, 1), title, labels, columns, caption=caption)


def as_png(figure: Figure) -> bytes:
    """The content of a PNG file."""
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=100)
    return png.getvalue()
