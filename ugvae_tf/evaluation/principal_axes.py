"""Principal axes of codes: the directions in which they vary in the data."""

from dataclasses import dataclass

import numpy as np

REACH = 2.0  # half the length of a traversal, in standard deviations of the codes along the axis


@dataclass(frozen=True)
class PrincipalAxis:
    """One principal axis of codes."""

    mean: np.ndarray  # [F] of the codes
    direction: np.ndarray  # [F], of length 1; its largest entry is positive
    stddev: float  # of the codes along the axis
    share: float  # of the variance of the codes that is along the axis; 0 if they do not vary

    @classmethod
    def of(cls, codes: np.ndarray, number: int = 0) -> "PrincipalAxis":
        """The axis with the largest variance of codes [N, F], two or more, or the one of that number after it."""
        variances, axes = np.linalg.eigh(np.cov(codes.T.astype(float)).reshape(2 * codes.shape[1:]))
        variance, axis = max(variances[-1 - number], 0.0), axes[:, -1 - number]
        axis = axis * np.sign(axis[np.abs(axis).argmax()])
        total = variances.clip(0).sum()
        return cls(codes.mean(axis=0), axis, float(np.sqrt(variance)), float(variance / total) if total else 0.0)

    @property
    def reach(self) -> float:
        """Half the length of the traversal."""
        return REACH * self.stddev

    def offsets(self, steps: int) -> np.ndarray:
        """Equal steps along the axis, from -REACH to REACH standard deviations: [steps, F]."""
        return np.linspace(-self.reach, self.reach, steps)[:, np.newaxis] * self.direction
