"""From a data set's name to its images in memory: TFDS reads every set."""

import difflib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
from google.protobuf import json_format

from ugvae_tf.errors import UserError

PREPARED = Path(__file__).parent / "prepared"  # data sets that ship with the package
CHUNK = 1000  # examples decoded at a time


@dataclass(frozen=True)
class ImageSet:
    """The images of one split and what is known of each."""

    images: np.ndarray  # [N, H, W, C] uint8
    labels: dict[str, np.ndarray]  # each [N]

    def __len__(self) -> int:
        return len(self.images)


def load_split(dataset: str, split: str, data_dir: str | None = None) -> ImageSet:
    """Decode the `train` or the `held-out` images of a TFDS image set.

    Held-out images are the test split, or the validation split of a set without one, or
    the last tenth of the training images of a set without either.

    Raises:
        UserError: the set is unknown, cannot be fetched, is corrupt or has no images.
    """
    builder = find_builder(dataset, data_dir)
    try:
        examples = builder.as_dataset(split=_tfds_split(builder, split))
        chunks = list(tfds.as_numpy(examples.batch(CHUNK, num_parallel_calls=tf.data.AUTOTUNE).prefetch(2)))
    except (tf.errors.OpError, OSError, AssertionError, ValueError) as error:
        raise UserError(
            f"The data set '{dataset}' in {builder.data_dir} cannot be read: it is incomplete or damaged "
            f"({_first_line(error)}). Delete that folder and prepare the set anew."
        ) from error
    columns = {key: np.concatenate([chunk[key] for chunk in chunks]) for key in chunks[0]}
    if "image" not in columns:
        raise UserError(f"The data set '{dataset}' has no images: its features are {', '.join(columns)}.")
    return ImageSet(columns.pop("image"), columns)


def find_builder(dataset: str, data_dir: str | None) -> tfds.core.DatasetBuilder:
    """The TFDS builder of a set that is prepared: shipped, in `data_dir`, or fetched now."""
    if data_dir is not None and not Path(data_dir).is_dir():
        raise UserError(f"--data-dir {data_dir} is not a folder: give the one that holds the prepared TFDS data sets.")
    shipped = data_dir is None and (PREPARED / dataset).is_dir()
    try:
        builder = tfds.builder(dataset, data_dir=PREPARED if shipped else data_dir)
    except tfds.core.registered.DatasetNotFoundError as error:
        raise UserError(_unknown(dataset)) from error
    except (OSError, ValueError, KeyError, json_format.ParseError) as error:
        raise UserError(
            f"The data set '{dataset}' in {data_dir or PREPARED} cannot be read: {_first_line(error)}."
        ) from error
    if not builder.is_prepared():
        _fetch(builder)
    return builder


def _fetch(builder: tfds.core.DatasetBuilder) -> None:
    try:
        builder.download_and_prepare()
    except Exception as error:  # TFDS passes on whatever the network or the parser raised
        raise UserError(
            f"The data set '{builder.name}' is not in {builder.data_dir} and could not be downloaded "
            f"({_first_line(error)}). Prepare it where there is a network, and point --data-dir to it."
        ) from error


def _tfds_split(builder: tfds.core.DatasetBuilder, split: str) -> str:
    held_out = next((name for name in ("test", "validation") if name in builder.info.splits), None)
    if split == "train":
        return "train" if held_out else "train[:90%]"
    return held_out or "train[90%:]"


def _unknown(dataset: str) -> str:
    close = difflib.get_close_matches(dataset, tfds.list_builders(with_community_datasets=False), n=1)
    hint = f"Did you mean '{close[0]}'?" if close else "Give the name of a TFDS image set, such as mnist."
    return f"Unknown data set '{dataset}'. {hint}"


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
