"""The curves of the task `completion`."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from ugvae_tf.plots.curves import curves


def error_curves(metrics: Mapping[str, float], counts: Mapping[str, float], methods: Mapping[str, str]) -> Figure:
    """Squared errors over the number of given images.

    Args:
        counts: of given images, by their names in the metrics.
        methods: their names in the metrics, and their meanings.
    """
    ends = ("", "_low", "_high")
    lines = {
        meaning: np.array(
            [
                [count, *(metrics[f"squared_error_{name}_{method}{end}"] for end in ends)]
                for name, count in counts.items()
            ]
        )
        for method, meaning in methods.items()
    }
    return curves(
        lines,
        "Error of the images of a held-out group that are drawn from the others",
        "Lower is better. All but the model with the average beta and the mean training image see the given images. "
        "Lines with ends: 95 % intervals over the groups.",
        ("given images of the group", "squared error per pixel"),
        limits=(0.0, None),
    )
