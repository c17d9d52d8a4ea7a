"""The paths of traversals and interpolations in latent space, and measures of a classifier's output along them."""

import numpy as np

from ugvae_tf.errors import UserError

BETA_REACH = 1.0  # half the length of a traversal of beta, in standard deviations of p(beta)
Z_REACH = 3.0  # half the length of a traversal of z, around the component's mean


def linear_path(start: np.ndarray, end: np.ndarray, steps: int) -> np.ndarray:
    """Equal steps along the straight line from `start` [..., F] to `end`, both included: [steps, ..., F]."""
    return np.linspace(start, end, steps)


def check_dimension(global_size: int, dimension: int | None) -> None:
    """Raise UserError if beta has no such dimension, counted from 0."""
    if dimension is not None and not 0 <= dimension < global_size:
        raise UserError(f"beta has no dimension {dimension}: give one from 0 to {global_size - 1}.")


def traversal_betas(global_size: int, rows: int, dimension: int | None = None) -> np.ndarray:
    """The rows of a traversal: beta from -1 to 1 on the diagonal, or on one dimension with the others 0.

    Paper section 4.1, figure 3: "to maximize the variation range across every dimension, we
    move diagonally".

    Args:
        dimension: counted from 0; raises UserError if beta has no such dimension.

    Returns:
        [rows, M]
    """
    check_dimension(global_size, dimension)
    moving = np.ones(global_size) if dimension is None else np.eye(global_size)[dimension]
    return linear_path(-BETA_REACH * moving, BETA_REACH * moving, rows)


def traversal_zs(component_mean: np.ndarray, columns: int) -> np.ndarray:
    """The columns of a traversal: z from mean - 3 to mean + 3 on every dimension at once: [columns, L].

    Paper section 4.1, figure 3; the mean is mu_d(beta) [L] of p(z | d, beta) and differs between rows.
    """
    return linear_path(component_mean - Z_REACH, component_mean + Z_REACH, columns)


def carried_along(z: np.ndarray, component_means: np.ndarray, component_stddevs: np.ndarray) -> np.ndarray:
    """The path of z with constant d and noise while beta changes (paper eq. 3).

    z = mu_d(beta) + sigma_d(beta) * noise, with d and the noise of the first step.

    Args:
        z: [..., L], at the first step.
        component_means: [steps, ..., L], mu_d(beta) along the path.
        component_stddevs: [steps, ..., L], sigma_d(beta).

    Returns:
        [steps, ..., L]
    """
    noise = (z - component_means[0]) / component_stddevs[0]
    return component_means + component_stddevs * noise


def flips(probabilities: np.ndarray, low: float = 0.1, high: float = 0.9) -> np.ndarray:
    """Whether each pair's path starts below `low` and ends above `high` in the classifier's probability: [pairs].

    Args:
        probabilities: [pairs, steps], a classifier's probability that the image is of the second domain.
        low: upper limit of the first step's probability.
        high: lower limit of the last step's probability.
    """
    return (probabilities[:, 0] < low) & (probabilities[:, -1] > high)


def changes(probabilities: np.ndarray) -> np.ndarray:
    """The probability of the last step minus that of the first, of each pair [pairs, steps]: [pairs]."""
    return probabilities[:, -1] - probabilities[:, 0]


def largest_steps(probabilities: np.ndarray) -> np.ndarray:
    """The largest change of the probability between consecutive steps, of each pair: [pairs].

    Args:
        probabilities: [pairs, steps], two steps or more, as for `flips`; an even change from
            0 to 1 gives 1 / (steps - 1), a jump gives 1.
    """
    return np.abs(np.diff(probabilities, axis=1)).max(axis=1)
