"""Data sets that ship as one .npz file with a column `held_out`; numbers of classes have their names beside them."""

from pathlib import Path

import numpy as np

from ugvae_tf.datasets.source import Source, of_arrays

SEED = 0  # of the order of the images


def shipped_source(file: Path, split: str) -> Source:
    """The `train` or the `held-out` images, shuffled, in an order that is always the same.

    Args:
        file: arrays `image` [N, H, W, C] uint8, `held_out` [N] bool, labels [N]; the names of a label's values are
            in `<label>_names`.
    """
    with np.load(file, allow_pickle=False) as arrays:
        columns = {name: arrays[name] for name in arrays.files}
    held_out = columns.pop("held_out")
    chosen = np.random.default_rng(SEED).permutation(np.flatnonzero(held_out == (split == "held-out")))
    examples = {
        name: columns[f"{name}_names"][column[chosen]] if f"{name}_names" in columns else column[chosen]
        for name, column in columns.items()
        if not name.endswith("_names")
    }
    return of_arrays(examples)
