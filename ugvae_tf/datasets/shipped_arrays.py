"""Data sets that ship as an .npz file with an array `held_out`; class numbers have an array of names."""

from pathlib import Path

import numpy as np

from ugvae_tf.datasets.source import Source

SEED = 0  # of the order of the images


def shipped_source(file: Path, split: str) -> Source:
    """The `train` or the `held-out` images, shuffled in a constant order.

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
    return Source.of(examples)
