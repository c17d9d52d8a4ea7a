"""Images in rows and columns as one array of pixels, so that none of their pixels is blurred."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

BORDER, GAP, BLOCK_GAP = 2, 8, 28  # pixels: around an image, between images, between blocks of them
FRAME_WIDTH = 8  # pixels of the frame of a chosen image, which covers border and gap
EDGE = (150, 165, 190)  # colour of the border, which grey images do not have
FRAME = (238, 119, 51)  # orange, which stands out from black, white and grey


@dataclass(frozen=True)
class Places:
    """Where the images of a mosaic begin along one axis, in pixels."""

    starts: np.ndarray  # [count]
    size: int  # of an image with its border
    length: int  # of the axis

    @classmethod
    def of(cls, count: int, size: int, gap: int, blocks: Sequence[int]) -> "Places":
        """Images of `size` pixels without their border; a block begins at each index of `blocks`."""
        size += 2 * BORDER
        steps = np.full(count, size + gap)
        steps[0] = GAP // 2
        steps[[place for place in blocks if 0 < place < count]] += BLOCK_GAP
        starts = steps.cumsum()
        return cls(starts, size, int(starts[-1]) + size + gap - GAP // 2)

    @property
    def middles(self) -> np.ndarray:
        """The middle of each image [count], on the axis of `imshow`."""
        return self.starts + self.size / 2 - 0.5


def mosaic(images: np.ndarray, rows: Places, columns: Places, framed: np.ndarray) -> np.ndarray:
    """Images [R, C, H, W, 1 or 3] in [0, 1], each pixel repeated; one with NaN is left white: bytes [h, w, 3].

    Args:
        framed: [R, C], whether an image has a frame.
    """
    picture = np.full((rows.length, columns.length, 3), 255, np.uint8)
    times = (columns.size - 2 * BORDER) // images.shape[3]
    for row, top in enumerate(rows.starts):
        for column, left in enumerate(columns.starts):
            if not np.isnan(images[row, column]).any():
                image = _bytes(images[row, column]).repeat(times, axis=0).repeat(times, axis=1)
                _put(picture, image, top, left, bool(framed[row, column]))
    return picture


def _bytes(image: np.ndarray) -> np.ndarray:
    return (image.clip(0, 1) * 255).round().astype(np.uint8)


def _put(picture: np.ndarray, image: np.ndarray, top: int, left: int, is_framed: bool) -> None:
    """An image with its border, or with a frame that reaches into the gaps."""
    height, width = image.shape[:2]
    beyond = FRAME_WIDTH - BORDER - GAP // 2 if is_framed else 0
    edge = picture[max(0, top - beyond) : top + height + 2 * BORDER + beyond]
    edge[:, max(0, left - beyond) : left + width + 2 * BORDER + beyond] = FRAME if is_framed else EDGE
    picture[top + BORDER :, left + BORDER :][:height, :width] = image
