"""The EXIF orientation of a JPEG file: which way up the camera was held."""

import struct
from typing import Any

import numpy as np
import tensorflow as tf

ORIENTATION = 0x0112  # the tag in the first directory of the segment (EXIF 2.32, section 4.6.4)
MARKER = b"Exif\0\0"  # after which the segment's own offsets count
MOST_BEFORE, MOST_BYTES = 1024, 1 << 17  # of the file: before the marker, and in which the segment of 64 kB ends


def upright(image: tf.Tensor, content: tf.Tensor) -> tf.Tensor:
    """The image [h, w, C] in the bytes of a file, turned as its EXIF orientation says."""
    head = tf.strings.substr(content, 0, MOST_BYTES)
    not_converted = tf.autograph.experimental.do_not_convert(_orientation)
    turn = tf.ensure_shape(tf.numpy_function(not_converted, [head], tf.int64, stateful=False), [])
    return tf.cond(turn == 1, lambda: image, lambda: _turned(image, turn))


def _turned(image: tf.Tensor, turn: tf.Tensor) -> tf.Tensor:
    image = tf.cond(turn >= 5, lambda: tf.transpose(image, [1, 0, 2]), lambda: image)
    image = tf.cond(_is_one_of(turn, 2, 3, 6, 7), lambda: image[:, ::-1], lambda: image)
    return tf.cond(_is_one_of(turn, 3, 4, 7, 8), lambda: image[::-1], lambda: image)


def _is_one_of(value: tf.Tensor, *values: int) -> tf.Tensor:
    return tf.reduce_any(value == tf.constant(values, tf.int64))


def _orientation(head: Any) -> np.int64:
    """For TensorFlow, which gives bytes, or outside of a graph an array of one object."""
    return np.int64(orientation(np.asarray(head).item()))


def orientation(head: bytes) -> int:
    """The orientation, 1 to 8, in the first bytes of a file; 1, upright, if they have none.

    Pillow finds it too, but prints a Python warning for each damaged segment.
    """
    place = head.find(MARKER, 0, MOST_BEFORE)
    if not head.startswith(b"\xff\xd8") or place < 0:
        return 1
    try:
        return _in_directory(head[place + len(MARKER) :])
    except struct.error:  # the segment is damaged: the image may be whole
        return 1


def _in_directory(segment: bytes) -> int:
    """The orientation in a TIFF directory; raises struct.error if the segment ends too early."""
    order = ">" if segment.startswith(b"MM") else "<"
    (directory,) = struct.unpack_from(f"{order}I", segment, 4)
    (entries,) = struct.unpack_from(f"{order}H", segment, directory)
    for entry in range(entries):
        tag, _, _, value = struct.unpack_from(f"{order}HHIH", segment, directory + 2 + 12 * entry)
        if tag == ORIENTATION and 1 <= value <= 8:
            return value
    return 1
