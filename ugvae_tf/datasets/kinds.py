"""Groups by a label: which images may share a group (`--group-by`)."""

import numpy as np

from ugvae_tf.datasets.loading import ImageSet
from ugvae_tf.datasets.streaming import StreamedSet
from ugvae_tf.errors import UserError


def kinds_of(images: ImageSet | StreamedSet, group_by: str | None) -> np.ndarray | None:
    """The kind of each image [N]: its value of the label, by number; None without a label.

    Raises:
        UserError: the images are streamed, or have no such label, or it is a measurement.
    """
    if group_by is None:
        return None
    if isinstance(images, StreamedSet):
        raise UserError(f"--group-by {group_by} needs all images in memory: give a larger --memory-limit.")
    if group_by not in images.labels:
        known = ", ".join(sorted(images.labels)) or "none"
        raise UserError(
            f"The images have no label '{group_by}': choose a --group-by that they have ({known}), "
            f"or the folder of an exported model."
        )
    values = images.labels[group_by]
    if values.dtype.kind == "f":
        raise UserError(f"'{group_by}' is a measurement, and --group-by needs categories: choose another label.")
    return np.unique(values, return_inverse=True)[1]
