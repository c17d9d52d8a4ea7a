"""The distances of all groups in a .npy file."""

from pathlib import Path

import numpy as np

from ugvae_tf.codes import GaussianCodes, neighbours
from ugvae_tf.codes.plda import Plda
from ugvae_tf.errors import UserError
from ugvae_tf.files import require_space, written_to


def check(matrix: str) -> None:
    """Raise UserError unless a matrix can be written there, before any work is done."""
    if not matrix.endswith(".npy"):
        raise UserError(f"`matrix={matrix}` must end in .npy: numpy.load reads it.")
    if Path(matrix).is_dir() or not Path(matrix).parent.is_dir():
        raise UserError(f"`matrix={matrix}` cannot be written: its folder does not exist, or it is a folder itself.")


def write(file: Path, codes: GaussianCodes, metric: Plda | None) -> None:
    """Write the distances to a new file on disk, row by row, and put it in place by one rename."""
    count = len(codes.beta_mean)
    require_space(file.parent, 4 * count**2, "matrix")
    partial = file.with_name(f".{file.name}.partial")
    with written_to(file.parent, "run the command again"):
        partial.unlink(missing_ok=True)
        try:
            into = np.lib.format.open_memmap(partial, "w+", np.float32, (count, count))
            neighbours.distance_matrix(codes, metric, into)
            into.flush()
            partial.replace(file)
        finally:
            partial.unlink(missing_ok=True)
