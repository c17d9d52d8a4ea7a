"""The examples of a data set by its name: TFDS reads every set but the user's own images."""

import contextlib
import difflib
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests
import tensorflow as tf
import tensorflow_datasets as tfds

from ugvae_tf.config import DataConfig
from ugvae_tf.datasets.albums import album_names
from ugvae_tf.datasets.builders import BUILDERS
from ugvae_tf.datasets.catalogue import NAMES, SHIPPED
from ugvae_tf.datasets.decoded_files import decoded_once
from ugvae_tf.datasets.own_images import folder_source, npz_source
from ugvae_tf.datasets.shipped_arrays import shipped_source
from ugvae_tf.datasets.source import Source
from ugvae_tf.errors import UserError

HOSTS = ("https://storage.googleapis.com", "https://www.tensorflow.org")  # from which TFDS downloads
SECONDS_TO_ANSWER = 6
PREPARED = Path(__file__).parent / "prepared"  # data sets that ship with the package
ARRAYS = ("glyphs",)  # those of them that are one .npz file
ALBUMS = {"mnist-albums": "mnist"}  # sets of digits with one more label, `album`


def find_source(data: DataConfig, name: str, split: str, checked: bool = True) -> Source:
    """The images of a data set by its name: the user's own images, or a TFDS set.

    Args:
        checked: whether images of a folder that cannot be decoded are found now.

    Raises:
        UserError: the set is unknown, cannot be downloaded, is corrupt or has no images.
    """
    if name in ARRAYS:
        if data.data_dir is not None and data.dataset == name:
            raise UserError(f"'{name}' ships with the package: leave out `data_dir`.")
        return shipped_source(PREPARED / name / f"{name}.npz", split)
    if name in ALBUMS:
        digits = _tfds(data, ALBUMS[name], split, checked)
        return digits.with_label("album", album_names(digits.labels()["label"], split))
    if name not in ("folder", "npz"):
        return _tfds(data, name, split, checked)
    if data.data_dir is None:
        what = "the folder of your images" if name == "folder" else "your .npz file"
        raise UserError(f"`dataset={name}` needs `data_dir`: give {what}.")
    path = Path(data.data_dir)
    if name == "npz":
        return npz_source(path, split, data.memory_limit)
    return folder_source(path, split, data.corrupt if checked else None)


def _tfds(data: DataConfig, name: str, split: str, read: bool) -> Source:
    """A TFDS image set; if its images are to be read and fit in memory, they are decoded once for all starts."""
    builder = find_builder(name, data.data_dir)
    source = tfds_source(builder, split)
    shape = source.examples.element_spec["image"].shape
    fits = shape.is_fully_defined() and source.count * shape.num_elements() <= data.memory_limit * 1e9
    if not (read and data.image_cache and fits):
        return source
    chosen = _tfds_split(builder, split)
    records = builder.info.splits[chosen.partition("[")[0]].filepaths
    return decoded_once(source, map(Path, records), chosen, repr(builder.info.features))


def tfds_source(builder: tfds.core.DatasetBuilder, split: str) -> Source:
    """The `train` or the `held-out` images of a TFDS image set.

    Held-out images are the test split, else the validation split, else the last tenth of the
    training images.

    Raises:
        UserError: the set has no images.
    """
    features = builder.info.features
    if not isinstance(features, tfds.features.FeaturesDict) or "image" not in features:
        raise UserError(
            f"The data set '{builder.name}' has no images: its features are {', '.join(features or ['none'])}."
        )
    name = _tfds_split(builder, split)
    names = _class_names(features)
    encoded = builder.as_dataset(split=name, decoders={"image": tfds.decode.SkipDecoding()})
    return Source(
        encoded.map(lambda example: _flat(example, names), num_parallel_calls=tf.data.AUTOTUNE),
        builder.info.splits[name].num_examples,
        lambda example: {**example, "image": features["image"].decode_example(example["image"])},
    )


def _class_names(features: Mapping[str, Any]) -> dict[str, list[str]]:
    """The class names of each ClassLabel, by its flat name; classes named by digits stay numbers."""
    labels = {key: feature for key, feature in features.items() if isinstance(feature, tfds.features.ClassLabel)}
    return {key.lower(): label.names for key, label in labels.items() if not all(map(str.isdigit, label.names))}


def _flat(example: Mapping[str, Any], names: Mapping[str, list[str]]) -> dict[str, Any]:
    """The image and every scalar label, also those of nested features, by lower-case names."""
    found: dict[str, Any] = {}
    for key, value in example.items():
        if isinstance(value, dict):
            found.update(_flat(value, names))
        elif key == "image" or value.shape.rank == 0:
            found[key.lower()] = tf.gather(names[key.lower()], value) if key.lower() in names else value
    return found


def find_builder(dataset: str, data_dir: str | None) -> tfds.core.DatasetBuilder:
    """The TFDS builder of a prepared set: shipped, in `data_dir`, or downloaded now."""
    if data_dir is not None and not Path(data_dir).is_dir():
        raise UserError(f"`data_dir={data_dir}` is not a folder: give the one that holds the prepared TFDS data sets.")
    if dataset in BUILDERS:
        return _prepared(BUILDERS[dataset](data_dir=data_dir))
    shipped = dataset in {folder.name for folder in PREPARED.iterdir()} and data_dir is None
    if data_dir is not None and dataset in SHIPPED and not (Path(data_dir) / dataset).is_dir():
        raise UserError(f"`data_dir={data_dir}` has no data set '{dataset}': leave it out to use the one that ships.")
    try:
        builder = tfds.builder(dataset, data_dir=PREPARED if shipped else data_dir)
    except tfds.core.registered.DatasetNotFoundError as error:
        raise UserError(_unknown(dataset)) from error
    except Exception as error:  # TFDS has errors of many kinds for a name or a version that it does not find
        raise UserError(
            f"The data set '{dataset}' in {data_dir or PREPARED} cannot be read: {first_line(error)}."
        ) from error
    return _prepared(builder)


def _prepared(builder: tfds.core.DatasetBuilder) -> tfds.core.DatasetBuilder:
    """The builder, with its data downloaded and prepared."""
    if builder.is_prepared():
        return builder
    if builder.name.replace("_", "-") not in BUILDERS:
        require_network(builder)
    try:
        builder.download_and_prepare()
    except UserError:
        raise
    except Exception as error:  # TFDS does not wrap the errors of the network or of the parser
        raise UserError(
            f"The data set '{builder.name}' is not in {builder.data_dir} and could not be downloaded "
            f"({first_line(error)}). Prepare it where there is a network, and point `data_dir` to it."
        ) from error
    return builder


def require_network(builder: tfds.core.DatasetBuilder) -> None:
    """Raise UserError where no host of TFDS answers within seconds; TFDS itself tries again for minutes."""
    answered = threading.Event()

    def probe(url: str) -> None:
        with contextlib.suppress(requests.RequestException):
            requests.head(url, timeout=SECONDS_TO_ANSWER)
            answered.set()

    probes = [threading.Thread(target=probe, args=[url], daemon=True) for url in HOSTS]
    for each in probes:
        each.start()
    deadline = time.monotonic() + SECONDS_TO_ANSWER  # for all: a resolver has time limits of its own
    while any(each.is_alive() for each in probes) and time.monotonic() < deadline and not answered.is_set():
        time.sleep(0.05)
    if not answered.is_set():
        raise UserError(
            f"The data set '{builder.name}' is not in {builder.data_dir}, and there is no network to download it from: "
            f"prepare it where there is one, and point `data_dir` to it."
        )


def _tfds_split(builder: tfds.core.DatasetBuilder, split: str) -> str:
    held_out = next((name for name in ("test", "validation") if name in builder.info.splits), None)
    if split == "train":
        return "train" if held_out else "train[:90%]"
    return held_out or "train[90%:]"


def _unknown(dataset: str) -> str:
    names = [*NAMES, *tfds.list_builders(with_community_datasets=False)]
    close = difflib.get_close_matches(dataset, names, n=1)
    hint = f"Did you mean '{close[0]}'?" if close else "Give the name of a TFDS image set, such as mnist."
    return f"Unknown data set '{dataset}'. {hint}"


def first_line(error: BaseException) -> str:
    """The first line of an error's message."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
