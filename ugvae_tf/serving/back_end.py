"""The interface of a back end, which runs the signatures of an exported model."""

from typing import Any, Protocol

import numpy as np

from ugvae_tf.serving.component_names import ComponentNames
from ugvae_tf.serving.metric import LearnedMetric

Arrays = dict[str, np.ndarray]


class BackEnd(Protocol):
    """One version of a model, in this process or on a server."""

    name: str
    version: int
    config: dict[str, Any]  # the content of config.json
    signatures: dict[str, list[str]]  # names of the signatures, and of their inputs
    metric: LearnedMetric | None  # the learned metric of codes, which a server does not give
    component_names: ComponentNames | None  # names of the components, which a server does not give

    @property
    def images_per_call(self) -> int:
        """Images in one call: large enough for speed, small enough for memory and time limits."""
        ...

    def call(self, name: str, inputs: Arrays) -> Arrays:
        """The outputs of an existing signature; arrays are float32 or int32."""
        ...
