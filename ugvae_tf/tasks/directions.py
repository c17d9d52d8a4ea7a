"""The directions of a traversal: those in which the codes vary in the data, or the paper's diagonals."""

from functools import cache
from typing import Protocol

import numpy as np

from ugvae_tf.evaluation import interpolation
from ugvae_tf.evaluation.principal_axes import REACH, PrincipalAxis
from ugvae_tf.serving.codes import group_codes
from ugvae_tf.tasks.context import Context
from ugvae_tf.tasks.draws import drawn_as_trained

ROWS = COLUMNS = 7
GROUPS = 500  # held-out groups whose betas define the principal axes


class Directions(Protocol):
    """The betas of the rows, and the zs of the columns."""

    betas: np.ndarray  # [ROWS, M]
    beta_title: str
    beta_reach: float  # half the length of the rows' path, in the unit of `beta_title`
    z_title: str
    z_extent: float  # half the length of the columns' path, in the unit of `z_title`
    metrics: dict[str, float]

    def zs(self, component_means: np.ndarray, component: int) -> np.ndarray:
        """The zs [ROWS, COLUMNS, L] around the means mu_d(beta) of a component along the rows [ROWS, L]."""

    def z_reach(self, component: int) -> float:
        """Half the length of the columns' path."""


class PaperDirections:
    """All dimensions at once: beta from -1 to 1 deviations of p(beta), z from mu_d(beta) - 3 to mu_d(beta) + 3.

    Paper section 4.1, figure 3. `dimension` moves one dimension of beta only.
    """

    beta_reach = interpolation.BETA_REACH
    z_extent = interpolation.Z_REACH
    z_title = "from mu_d(beta) - 3 to mu_d(beta) + 3 in all dimensions"

    def __init__(self, context: Context) -> None:
        p_beta, dimension = context.model.global_prior(ROWS), context.request.dimension
        deviations = interpolation.traversal_betas(p_beta["beta_mean"].shape[1], ROWS, dimension)
        self.betas = (p_beta["beta_mean"] + deviations * p_beta["beta_stddev"]).astype(np.float32)
        which = "all dimensions" if dimension is None else f"dimension {dimension}"
        self.beta_title = f"from -1 to 1 deviations of p(beta) in {which}"
        self.metrics: dict[str, float] = {}

    def zs(self, component_means: np.ndarray, component: int) -> np.ndarray:
        return np.stack([interpolation.traversal_zs(mean, COLUMNS) for mean in component_means])

    def z_reach(self, component: int) -> float:
        return interpolation.Z_REACH


class DataDirections:
    """Principal axes: of the betas of held-out groups, and of the zs of the held-out images of each component.

    The middle of a grid is the mean of the codes. From row to row z moves as mu_d(beta) does. Groups are formed as
    the model was trained, at random or by its label. `dimension` chooses a later axis of beta than the first.
    """

    z_title = f"along its first principal axis, -{REACH:g} to {REACH:g} deviations"
    z_extent = REACH

    def __init__(self, context: Context, components: np.ndarray) -> None:
        number = context.request.dimension or 0
        members = drawn_as_trained(context, context.held_out, GROUPS, context.generator())
        axis = PrincipalAxis.of(group_codes(context.held_out_codes, members).beta_mean, number)
        self.betas = (axis.mean + axis.offsets(ROWS)).astype(np.float32)
        self._means = context.model.prior(axis.mean[np.newaxis].astype(np.float32))["z_mean"][0]  # [K, L]
        self._zs, self._components = context.held_out_codes.z_mean, components
        self._axis = cache(self._axis_of)
        self.beta_title = (
            f"along principal axis {number + 1} ({axis.share:.0%} of the variance of {len(members)} groups), "
            f"-{REACH:g} to {REACH:g} deviations"
        )
        self.beta_reach = axis.reach
        self.metrics = {"beta_axis_stddev": axis.stddev, "beta_axis_share": axis.share}

    def _axis_of(self, component: int) -> PrincipalAxis:
        return PrincipalAxis.of(self._zs[self._components == component])

    def zs(self, component_means: np.ndarray, component: int) -> np.ndarray:
        axis = self._axis(component)
        middles = axis.mean + component_means - self._means[component]  # [ROWS, L]
        return middles[:, np.newaxis] + axis.offsets(COLUMNS)

    def z_reach(self, component: int) -> float:
        return self._axis(component).reach
