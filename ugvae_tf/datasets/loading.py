"""Loading of the images of a DataConfig in one format, in memory or streamed."""

from dataclasses import replace

import numpy as np
import tensorflow as tf

from ugvae_tf import progress
from ugvae_tf.config import DataConfig
from ugvae_tf.datasets.binarised import binarised
from ugvae_tf.datasets.catalogue import OWN, SHIPPED
from ugvae_tf.datasets.image_set import ImageSet
from ugvae_tf.datasets.resizing import central_square
from ugvae_tf.datasets.source import Source
from ugvae_tf.datasets.sources import find_source, first_line
from ugvae_tf.datasets.streaming import StreamedSet
from ugvae_tf.datasets.validation_split import HeldBack
from ugvae_tf.errors import UserError

GIGABYTE = 10**9
NOTHING = HeldBack()


def open_training(data: DataConfig, held_back: HeldBack = NOTHING) -> ImageSet | StreamedSet:
    """The training images but those held back: in memory if they fit in `memory_limit`, else streamed.

    Raises:
        UserError: a set is unknown, cannot be downloaded, is corrupt or has no images; the
            images have different sizes; or the proportions do not fit the domains.
    """
    return _opened(data, [held_back.part(domain, "train") for domain in _domains(data, "train")])


def open_run(data: DataConfig, held_back: HeldBack) -> tuple[ImageSet | StreamedSet, ImageSet]:
    """The images of `open_training`, and the validation images: those held back, or without a share the held-out ones.

    The training images are opened once: an image of a folder is checked by decoding it.
    """
    domains = _domains(data, "train")
    train = _opened(data, [held_back.part(domain, "train") for domain in domains])
    if held_back.share == 0:
        return train, load_split(data, "held-out")
    return train, _first(data, [held_back.part(domain, "validation") for domain in domains])


def _opened(data: DataConfig, domains: list[Source]) -> ImageSet | StreamedSet:
    shape = _image_shape(domains)
    shares = _shares(data, [domain.count for domain in domains])
    if sum(domain.count for domain in domains) * np.prod(shape) > data.memory_limit * GIGABYTE:
        return StreamedSet(tuple(domains), shares, shape)
    return _collected(data, domains, shares)


def load_split(data: DataConfig, split: str, held_back: HeldBack = NOTHING) -> ImageSet:
    """The images of a split in memory, or the first of them that fit in `memory_limit`.

    Args:
        split: `train`, `held-out`, or `validation`: the training images that are held back.

    Raises:
        UserError: as `open_training`.
    """
    if split == "held-out":
        return _first(data, _domains(data, split))
    return _first(data, [held_back.part(domain, split) for domain in _domains(data, "train")])


def _first(data: DataConfig, domains: list[Source]) -> ImageSet:
    """The images in memory, or the first of them that fit in `memory_limit`."""
    most = int(data.memory_limit * GIGABYTE / len(domains) / np.prod(_image_shape(domains)))
    if most == 0:
        raise UserError(f"`memory_limit={data.memory_limit:g}` gigabytes hold no image: give a larger one.")
    return _collected(data, [domain.take(most) for domain in domains])


def shipped_shape(data: DataConfig) -> tuple[int, int, int]:
    """(H, W, C) of the images of data sets that ship; raises UserError if one of them does not."""
    if not set(data.domains) <= set(SHIPPED):
        raise UserError(f"'{data.dataset}' does not ship, so its image shape is unknown: give image_shape.")
    return _image_shape(_domains(data, "held-out"))


def count_held_out(data: DataConfig) -> int:
    """The number of held-out images; decodes none of them, so that damaged ones count too."""
    return sum(find_source(data, name, "held-out", checked=False).count for name in data.domains)


def _domains(data: DataConfig, split: str) -> list[Source]:
    """The images of every set in `dataset=a+b`, all in one format, and binarised with `binarise`."""
    sources = [find_source(data, name, split) for name in data.domains]
    channels = max(source.examples.element_spec["image"].shape[-1] or 3 for source in sources)
    domains = [_conformed(source, data.image_size, channels) for source in sources]
    if data.binarise:  # before images are held back: those that stay are the same black and white ones
        domains = [binarised(domain, split, place) for place, domain in enumerate(domains)]
    return domains


def _conformed(source: Source, size: int | None, channels: int) -> Source:
    """Central squares, resized to `size` if given; grey images are repeated in `channels` channels."""
    shape = source.examples.element_spec["image"].shape
    if shape == (size or shape[0], size or shape[1], channels):
        return source

    def conform(example: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        image = example["image"]
        if size is not None and image.shape[:2] != (size, size):
            image = central_square(image, size)
        if image.shape[-1] != channels:
            image = tf.repeat(image, channels // tf.shape(image)[-1], axis=-1)
            image = tf.ensure_shape(image, [*image.shape[:2], channels])
        return {**example, "image": image}

    return source.map(conform)


def _image_shape(domains: list[Source]) -> tuple[int, int, int]:
    """(H, W, C) of all images; raises UserError if they have different shapes."""
    shapes = {tuple(domain.examples.element_spec["image"].shape) for domain in domains}
    if len(shapes) > 1 or None in next(iter(shapes)):
        raise UserError("The images have different sizes: resize them to one size, such as `image_size=64`.")
    height, width, channels = shapes.pop()
    return height, width, channels


def _shares(data: DataConfig, counts: list[int]) -> tuple[tuple[int, int], ...]:
    """The number of images of each domain, and how many of them are in an epoch."""
    if data.mixture is None:
        return tuple((count, count) for count in counts)
    proportions = data.proportions
    whole = min(count / share for count, share in zip(counts, proportions, strict=True))
    shares = tuple((count, int(whole * share)) for count, share in zip(counts, proportions, strict=True))
    for name, (count, _), share in zip(data.domains, shares, proportions, strict=True):
        if count < share * data.group_size:
            raise UserError(
                f"'{name}' has {count} images, fewer than its share of one group, {share * data.group_size:.0f}: "
                f"give a smaller `group_size` or another `mixture`."
            )
    return shares


def _collected(data: DataConfig, domains: list[Source], shares: tuple[tuple[int, int], ...] = ()) -> ImageSet:
    """Decode all images; with several domains, `domain` is a label of each image."""
    with progress.phase(f"Reading {sum(domain.count for domain in domains):,} images"):
        parts = [_decoded(name, domain) for name, domain in zip(data.domains, domains, strict=True)]
    if len(parts) == 1:
        return replace(parts[0], source=data)
    known = set.intersection(*(set(part.labels) for part in parts))
    labels = {key: np.concatenate([part.labels[key] for part in parts]) for key in sorted(known)}
    labels["domain"] = np.repeat(data.domains, [len(part) for part in parts])
    return ImageSet(np.concatenate([part.images for part in parts]), labels, shares, data)


def _mended(name: str) -> str:
    """The advice for a damaged set: nothing of the user's is deleted."""
    if name in OWN:
        return "Replace the damaged file in `data_dir`."
    if name in SHIPPED:
        return "If it is the one that ships, install the package again."
    return "Delete its folder and prepare the set again."


def _decoded(name: str, source: Source) -> ImageSet:
    try:
        columns = source.columns()
    except (tf.errors.OpError, OSError, AssertionError, ValueError) as error:
        raise UserError(
            f"The data set '{name}' cannot be read: it is incomplete or damaged ({first_line(error)}). {_mended(name)}"
        ) from error
    images = columns.pop("image")
    return ImageSet(images, columns)
