"""Tensors as text in a page: numbers of 8 or 16 bits, in base64."""

import base64
from typing import Any

import numpy as np

LARGE = 2**19  # numbers of a tensor that are stored with 8 bits
STEPS = 127  # from 0 to the largest absolute value of a column


class Tensors:
    """The tensors of a network in the order in which they were added.

    A large matrix has 8 bits for a number and a scale for each of its columns; all others are float16.
    """

    def __init__(self) -> None:
        self._described: list[dict[str, Any]] = []
        self._bytes = bytearray()

    def add(self, values: np.ndarray) -> int:
        """The number by which the page finds the tensor."""
        described: dict[str, Any] = {"count": int(values.size)}
        if values.size >= LARGE:
            columns = values.reshape(-1, values.shape[-1])
            scales = np.abs(columns).max(axis=0) / STEPS + np.finfo(np.float16).tiny
            described["scales"] = self.add(scales)
            content = np.rint(columns / np.float16(scales)).clip(-STEPS, STEPS).astype(np.int8).tobytes()
        else:
            content = values.astype("<f2").tobytes()
        self._described.append({**described, "at": len(self._bytes)})
        self._bytes += content
        return len(self._described) - 1

    def dense(self, layer: Any) -> dict[str, int]:
        """Kernel and bias of a layer; without a bias only the kernel."""
        found = {"kernel": self.add(layer.kernel.numpy())}
        return found if layer.bias is None else found | {"bias": self.add(layer.bias.numpy())}

    def content(self) -> dict[str, Any]:
        """Where each tensor is in the bytes, and the bytes."""
        return {"described": self._described, "bytes": base64.b64encode(self._bytes).decode()}
