"""Storing a data set in TFDS's own format in the folder that ships with the package."""

from collections.abc import Iterable
from pathlib import Path

import tensorflow_datasets as tfds

PREPARED = Path(__file__).parents[1] / "ugvae_tf" / "datasets" / "prepared"


def store(name: str, version: str, features: dict, splits: dict[str, Iterable[dict]], **texts: str) -> None:
    """Write `prepared/<name>/<version>`; TFDS raises an error if the version exists.

    Args:
        splits: the examples of each split by its name; their order is kept.
        texts: TFDS's `description`, `homepage` and `citation`.
    """
    tfds.dataset_builders.store_as_tfds_dataset(
        name=name,
        version=version,
        features=tfds.features.FeaturesDict(features),
        split_datasets={split: list(enumerate(examples)) for split, examples in splits.items()},
        data_dir=PREPARED,
        disable_shuffling=True,
        **texts,
    )
