"""Pictures of the decoded images between two groups, with the real images at the ends."""

import numpy as np
from matplotlib.figure import Figure

from ugvae_tf.plots import pictures
from ugvae_tf.tasks.pairs import STEPS, Pairs

CARRIED = 10  # images along the path
STEP_NAMES = [f"{share:.0%}" for share in np.linspace(0, 1, STEPS)]
VISIBLE = 0.01  # mean change of a pixel from end to end, below which nothing changes for the eye


def grid(pairs: Pairs, first: str, second: str) -> Figure:
    """The first pair: beta moves over the rows and z over the columns; a real image at either end."""
    images = pairs.grid(0)
    sides = np.full((2, STEPS, 1, *images.shape[2:]), np.nan)
    sides[0, 0], sides[1, -1] = pairs.real[:, :1]
    return pictures.image_grid(
        np.concatenate([sides[0], images, sides[1]], axis=1),
        f"From an image of {first} to one of {second}",
        STEP_NAMES,
        "z: from the code of the left image to that of the right one",
        "beta: from one group to the other",
        caption=f"At the sides: the two real images; all others are decoded. Down: {change(images, 0)}. "
        f"Across: {change(images, 1)}.",
        column_labels=["real", *STEP_NAMES, "real"],
        column_blocks=[1, STEPS + 1],
    )


def carried(pairs: Pairs, first: str, second: str) -> Figure:
    """Several images along beta; a real image of either group above and below each."""
    images = pairs.along_beta_and_component()[:CARRIED].swapaxes(0, 1)  # [STEPS, images, H, W, C]
    real = pairs.real[:, np.newaxis, :CARRIED]
    return pictures.image_grid(
        np.concatenate([real[0], images, real[1]]),
        f"Images of {first} as their beta moves to {second}",
        ["real", *STEP_NAMES, "real"],
        row_title="beta: from one group to the other",
        caption=f"Top: real images of {first}. Below: each decoded with its own d and its own deviation from the mean "
        f"of p(z | d, beta), while beta moves to another group. Bottom: a real image of that group, for comparison. "
        f"Down: {change(images, 0)}.",
        row_blocks=[1, STEPS + 1],
    )


def change(images: np.ndarray, axis: int) -> str:
    """The mean change of a pixel from the first to the last image along an axis, in words."""
    change = float(np.abs(images.take(-1, axis) - images.take(0, axis)).mean())
    word = "hardly anything changes" if change < VISIBLE else "the image changes"
    return f"{word} (on average a pixel by {change:.3f} of its range)"
