"""The answers of the local server: bytes that are made once, and calls of the model."""

import json
from collections.abc import Callable
from functools import partial
from threading import Lock
from typing import Any

import numpy as np

from ugvae_tf.explorer.server import Answer, Answers, BadRequest
from ugvae_tf.serving.served_model import ServedModel

MOST_IMAGES = 4096  # of a request


def answers_of(model: ServedModel, page: str, groups: int, images: Callable[[int], Answer]) -> Answers:
    """The answers by path.

    Args:
        page: the HTML text.
        groups: the number of groups.
        images: of a group of that number, the file with its images.
    """
    content, calls = page.encode(), ModelCalls(model)
    contents: dict[str, Callable[[], Answer]] = {"/": lambda: ("text/html; charset=utf-8", content)}
    contents |= {f"/groups/{number}": partial(images, number) for number in range(groups)}
    return Answers(contents, {"/prior": calls.prior, "/decode": calls.decode})


class ModelCalls:
    """Calls of the model with the content of a request, one at a time."""

    def __init__(self, model: ServedModel) -> None:
        self._model, self._lock = model, Lock()
        config = model.settings.model  # a first call takes longer, so that it is not left to the first slider
        self.prior({"beta": [0.0] * config.global_size})
        self.decode({"z": [[0.0] * config.local_size], "beta": [0.0] * config.global_size})

    def prior(self, given: dict[str, Any]) -> Answer:
        """The components for `beta` [M]: z_mean [K, L], z_stddev [K, L] and component_probs [K], in JSON."""
        beta = self._array(given, "beta", 1)
        with self._lock:
            found = self._model.prior(beta[np.newaxis])
        return "application/json", json.dumps({name: value[0].tolist() for name, value in found.items()}).encode()

    def decode(self, given: dict[str, Any]) -> Answer:
        """The images of `z` [B, L] and `beta` [M]: bytes of pixels [B, H, W, C]."""
        z, beta = self._array(given, "z", 2), self._array(given, "beta", 1)
        if not 1 <= len(z) <= MOST_IMAGES:
            raise BadRequest(f"z must have from 1 to {MOST_IMAGES} rows.")
        with self._lock:
            images = self._model.decode(z[np.newaxis], beta[np.newaxis])["image_mean"][0]
        return "application/octet-stream", as_bytes(images).tobytes()

    def _array(self, given: dict[str, Any], name: str, axes: int) -> np.ndarray:
        """The finite array of the request, with the size of the latent variable as its last axis."""
        config = self._model.settings.model
        size = {"beta": config.global_size, "z": config.local_size}[name]
        try:
            array = np.asarray(given.get(name), np.float32)
        except (ValueError, TypeError, OverflowError):
            array = np.empty(0, np.float32)
        if array.ndim != axes or array.shape[-1] != size or not np.isfinite(array).all():
            raise BadRequest(f"{name} must be {axes} axes of finite numbers, {size} in the last one.")
        return array


def as_bytes(images: np.ndarray) -> np.ndarray:
    """Pixels in [0, 1] as uint8, rounded to the nearest."""
    return np.rint(images * 255).astype(np.uint8)
