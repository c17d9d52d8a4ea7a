"""Image files: decoding, and a check before training for files that cannot be decoded."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import tensorflow as tf
from tqdm import tqdm

from ugvae_tf.datasets.exif import upright

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif")
BATCH = 256  # files per task of a thread


def decoded(content: tf.Tensor) -> tf.Tensor:
    """The bytes of a file as uint8 [h, w, 1 or 3]: upright, the first frame, 16 bits as 8, transparency on white."""
    image = tf.io.decode_image(content, expand_animations=False)
    image.set_shape([None, None, None])
    image = tf.cond(tf.shape(image)[-1] % 2 == 0, lambda: _on_white(image), lambda: image)
    return upright(image, content)


def _on_white(image: tf.Tensor) -> tf.Tensor:
    """[h, w, C + 1] with opacity last to [h, w, C]."""
    opacity = tf.cast(image[..., -1:], tf.float32) / 255
    colour = tf.cast(image[..., :-1], tf.float32)
    return tf.cast(tf.round(colour * opacity + 255 * (1 - opacity)), tf.uint8)


def undecodable(files: Sequence[Path]) -> list[Path]:
    """The files that `decoded` cannot decode, in their order; a progress bar appears after 2 s."""
    batches = [files[start : start + BATCH] for start in range(0, len(files), BATCH)]
    found = []
    with (
        ThreadPoolExecutor() as pool,
        tqdm(total=len(files), desc="Checking images", unit=" images", delay=2, leave=False) as bar,
    ):
        for batch, of_batch in zip(batches, pool.map(undecodable_of, batches), strict=True):
            found += of_batch
            bar.update(len(batch))
    return found


def undecodable_of(files: Sequence[Path]) -> list[Path]:
    """As `undecodable`, in this thread."""
    return [file for file in files if not _is_decodable(file)]


def _is_decodable(file: Path) -> bool:
    try:
        content = file.read_bytes()
        tf.io.decode_image(content, expand_animations=False)
    except (tf.errors.OpError, OSError):
        return False
    # TensorFlow reads the palette indices of a BMP with fewer than 24 bits per pixel as grey values.
    return not (content[:2] == b"BM" and content[28] < 24)
