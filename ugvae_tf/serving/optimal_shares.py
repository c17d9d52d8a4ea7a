"""The optimal q(d) of images, given the beta of their groups."""

from collections.abc import Callable

import numpy as np
from scipy.special import softmax

from ugvae_tf.codes import Arrays

GROUPS_PER_CALL = 128  # of the K networks of p(z | d, beta): larger calls are slower, their activations leave the cache


def optimal_probs(
    prior: Callable[[np.ndarray], Arrays],
    z_mean: np.ndarray,
    z_stddev: np.ndarray,
    groups: np.ndarray,
    beta_mean: np.ndarray,
) -> np.ndarray:
    """q(d) proportional to p(d | beta) exp(-KL(q(z) || p(z | d, beta))) for every image [n, K], float32.

    Args:
        prior: components [g, K, L] and their probabilities [g, K] for beta [g, M].
        z_mean: [n, L], of images in any order, as `z_stddev`.
        groups: [n], the row in `beta_mean` of each image's group.
        beta_mean: [G, M]
    """
    order = np.argsort(groups, kind="stable")
    present, starts = np.unique(groups[order], return_index=True)
    images = np.split(order, starts[1:])
    found: np.ndarray | None = None
    for first in range(0, len(present), GROUPS_PER_CALL):
        block = slice(first, first + GROUPS_PER_CALL)
        p_z = prior(beta_mean[present[block]].astype(np.float32))
        for place, members in enumerate(images[block]):
            one = {name: values[place].astype(float) for name, values in p_z.items()}
            probs = _probs(one, z_mean[members], z_stddev[members])
            found = np.empty([len(groups), probs.shape[1]], np.float32) if found is None else found
            found[members] = probs
    assert found is not None, "no images"
    return found


def _probs(p_z: Arrays, mean: np.ndarray, stddev: np.ndarray) -> np.ndarray:
    """Of images [n, L] of one group, whose components are [K, L].

    2 KL = sum_l (v + m^2) / pv - 2 m pm / pv + pm^2 / pv + log pv, plus terms that are the same for all components.
    """
    mean = mean.astype(float)
    precision = p_z["z_stddev"] ** -2
    squares = (stddev.astype(float) ** 2 + mean**2) @ precision.T - 2 * mean @ (p_z["z_mean"] * precision).T
    of_component = (p_z["z_mean"] ** 2 * precision - np.log(precision)).sum(axis=-1)
    return softmax(np.log(p_z["component_probs"]) - (squares + of_component) / 2, axis=-1)
