"""Reading of image files in a stream: decoded and resized in threads, some chunks ahead of their use."""

import functools
import itertools
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from ugvae_tf.datasets.image_files import BATCH, decoded, undecodable_of
from ugvae_tf.datasets.resizing import of_shape
from ugvae_tf.errors import UserError

Shape = tuple[int, int, int]
TASKS_AHEAD = 16  # of BATCH files each; their images wait in memory


class Chunk(NamedTuple):
    """Some of the images, in their order."""

    places: np.ndarray  # [n], their indices among all images
    images: np.ndarray  # [n, H, W, C] uint8
    unreadable: tuple[int, ...] = ()  # indices of images between them that cannot be decoded


def read_files(files: Sequence[Path], shape: Shape) -> Iterator[Chunk]:
    """The images of the files in the shape of a model's images, in chunks of at most BATCH.

    Raises:
        UserError: an image has another size than a model whose images are not square.
    """
    starts = iter(range(0, len(files), BATCH))
    with ThreadPoolExecutor() as pool:

        def task(start: int) -> Future[Chunk]:
            return pool.submit(_chunk, files[start : start + BATCH], start, shape)

        ahead = deque(task(start) for start in itertools.islice(starts, TASKS_AHEAD))
        try:
            while ahead:
                chunk = ahead.popleft().result()
                ahead.extend(task(start) for start in itertools.islice(starts, 1))
                yield chunk
        finally:
            for waiting in ahead:
                waiting.cancel()


def merged(chunks: Iterator[Chunk], size: int) -> Iterator[Chunk]:
    """Chunks joined to ones of `size` images or a few more; the last one may be smaller."""
    waiting: list[Chunk] = []
    for chunk in chunks:
        waiting.append(chunk)
        if sum(len(each.places) for each in waiting) >= size:
            yield _joined(waiting)
            waiting = []
    if waiting:
        yield _joined(waiting)


def _joined(chunks: Sequence[Chunk]) -> Chunk:
    if len(chunks) == 1:
        return chunks[0]
    places, images, unreadable = zip(*chunks, strict=True)
    return Chunk(np.concatenate(places), np.concatenate(images), tuple(itertools.chain(*unreadable)))


def _chunk(files: Sequence[Path], start: int, shape: Shape) -> Chunk:
    """The images of a few files, whose first index is `start`."""
    # Only an attempt finds a damaged file; TensorFlow decodes the palettes of a BMP without an error, but not right.
    damaged = set(undecodable_of([file for file in files if file.suffix.lower() == ".bmp"]))
    try:
        images = _images([file for file in files if file not in damaged], shape)
    except tf.errors.OpError:
        damaged = set(undecodable_of(files))
        images = _sized([file for file in files if file not in damaged], shape)
    places = np.arange(start, start + len(files))
    bad = np.array([file in damaged for file in files], bool)
    return Chunk(places[~bad], images, tuple(places[bad].tolist()))


def _sized(files: Sequence[Path], shape: Shape) -> np.ndarray:
    """Images of files that can be decoded; raises UserError if one has a size that cannot be changed."""
    try:
        return _images(files, shape)
    except tf.errors.InvalidArgumentError as error:
        height, width, _ = shape
        raise UserError(
            f"An image among {files[0]} to {files[-1]} is not {height}x{width} pixels, the size that the model takes: "
            "resize your images, for a model of images that are not square."
        ) from error


def _images(files: Sequence[Path], shape: Shape) -> np.ndarray:
    if not files:
        return np.empty([0, *shape], np.uint8)
    return _decoder(shape)(tf.constant([str(file) for file in files])).numpy()


@functools.cache
def _decoder(shape: Shape) -> Callable[[tf.Tensor], tf.Tensor]:
    """The function from file names [n] to images [n, H, W, C]."""

    def image(file: tf.Tensor) -> tf.Tensor:
        return of_shape(decoded(tf.io.read_file(file)), shape)

    def images(files: tf.Tensor) -> tf.Tensor:
        return tf.map_fn(image, files, fn_output_signature=tf.TensorSpec(shape, tf.uint8))

    return tf.function(images, input_signature=[tf.TensorSpec([None], tf.string)])
