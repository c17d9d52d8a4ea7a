"""The principal axes that the sliders move along, as a page reads them."""

from typing import Any

import numpy as np

from ugvae_tf.evaluation.principal_axes import PrincipalAxis

AXES = 5  # sliders of each latent variable
DIGITS = 5  # significant ones of a number in the page


def axes_of(codes: np.ndarray) -> dict[str, Any]:
    """The first axes of codes [N, F]: directions [A, F], standard deviations [A] and shares of the variance [A]."""
    axes = [PrincipalAxis.of(codes, number) for number in range(min(AXES, codes.shape[1]))]
    return {
        "directions": [numbers(axis.direction) for axis in axes],
        "stddevs": numbers(np.array([axis.stddev for axis in axes])),
        "shares": numbers(np.array([axis.share for axis in axes])),
    }


def axes_of_components(zs: np.ndarray, components: np.ndarray, count: int) -> list[dict[str, Any]]:
    """The axes of the zs [N, L] of every component's images; of all components where one has fewer than two images.

    Args:
        components: [N], the most probable component of each image.
        count: K.
    """
    residuals = np.concatenate([_centred(zs[components == d]) for d in np.unique(components)])
    of_all = axes_of(residuals)
    return [axes_of(own) if len(own := zs[components == d]) > 1 else of_all for d in range(count)]


def _centred(codes: np.ndarray) -> np.ndarray:
    return codes - codes.mean(axis=0)


def numbers(values: np.ndarray) -> list[Any]:
    """Nested lists of numbers with a few digits, for JSON."""
    if values.ndim > 1:
        return [numbers(row) for row in values]
    return [float(f"{value:.{DIGITS}g}") for value in values]
