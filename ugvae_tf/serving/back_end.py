"""What runs the signatures of an exported model."""

from typing import Any, Protocol

import numpy as np

Arrays = dict[str, np.ndarray]


class BackEnd(Protocol):
    """One version of a model, wherever it runs."""

    name: str
    version: int
    config: dict[str, Any]  # the content of config.json
    signatures: dict[str, list[str]]  # the names of those that it has, and of the inputs of each

    @property
    def images_per_call(self) -> int:
        """Enough to be quick, little enough for memory and time limits."""
        ...

    def call(self, name: str, inputs: Arrays) -> Arrays:
        """The outputs of a signature that the model has; arrays are float32 or int32."""
        ...
