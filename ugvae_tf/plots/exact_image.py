"""A picture that is drawn dot by dot, without resampling."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.transforms import IdentityTransform


class ExactImage(AxesImage):
    """A picture with one pixel for each dot of its axes at `page.DPI`; at other resolutions it is resampled.

    Matplotlib resamples every image, which takes up to three quarters of the time of a page. Here the result is the
    picture itself, at most a dot away.
    """

    def make_image(
        self, renderer: Any, magnification: float = 1.0, unsampled: bool = False
    ) -> tuple[np.ndarray, float, float, Any]:
        picture, box = np.asarray(self.get_array()), self.axes.bbox
        if (round(box.width * magnification), round(box.height * magnification)) != picture.shape[1::-1]:
            return super().make_image(renderer, magnification, unsampled)
        opaque = np.full(picture.shape[:2], 255, np.uint8)
        return np.dstack([picture, opaque])[::-1], box.x0, box.y0, IdentityTransform()


def draw_exactly(axes: Axes, picture: np.ndarray) -> None:
    """Fill axes with a picture, bytes [H, W, 3], in place of `axes.imshow`."""
    image = ExactImage(axes, interpolation="nearest")
    image.set_data(picture)
    image.set_extent(image.get_extent())
    axes.add_image(image)
