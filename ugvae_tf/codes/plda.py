"""PLDA: a learned metric of codes."""

from dataclasses import dataclass

import numpy as np

LEAST_WITHIN = 1e-4  # share of a direction's variance that lies within groups: keeps every score finite
RANK_TOLERANCE = 1e-10  # of the largest variance: directions of less than that are constant


@dataclass(frozen=True)
class Plda:
    """The two-covariance model of speaker verification, fitted to codes of training groups.

    A code is mean + y + noise, y ~ N(0, B) the same for all codes of a group and noise ~ N(0, W) of each (Prince and
    Elder 2007, "Probabilistic linear discriminant analysis for inferences about identity"; Kenny 2010, "Bayesian
    speaker verification with heavy-tailed priors"). One linear map makes W the identity and B diagonal.
    """

    mean: np.ndarray  # [F]
    directions: np.ndarray  # [F, D], the map
    between: np.ndarray  # [D], the variance of y along each direction, where that of the noise is 1

    @classmethod
    def fit(cls, codes: np.ndarray, groups: np.ndarray) -> "Plda":
        """The moments of codes [N, F] of groups [N], with two codes or more of each group.

        The codes of a group must be of different images: what they share counts as the group's own. Several divisions
        of a group's images into disjoint sets may stand for as many groups, since the moments are averages. W is the
        covariance within groups, and W + B the covariance of all codes. Directions in which the codes do not vary are
        left out; along the others at least LEAST_WITHIN of the variance is the noise's.
        """
        numbers = np.unique(groups, return_inverse=True)[1]
        centred = codes - codes.mean(axis=0)
        sums = np.stack([np.bincount(numbers, values) for values in centred.T], axis=1)
        means = sums / np.bincount(numbers)[:, np.newaxis]
        noise = centred - means[numbers]
        within = noise.T @ noise / (len(codes) - len(means))
        variances, axes = np.linalg.eigh(np.cov(centred.T, bias=True).reshape(2 * centred.shape[1:]))
        kept = variances > RANK_TOLERANCE * variances.max()
        whitened = axes[:, kept] / np.sqrt(variances[kept])  # W + B becomes the identity
        shares, rotation = np.linalg.eigh(whitened.T @ within @ whitened)
        shares = shares.clip(LEAST_WITHIN, 1)  # above 1, the groups' means vary less than the noise makes them
        return cls(codes.mean(axis=0), whitened @ rotation / np.sqrt(shares), (1 - shares) / shares)

    def scores(self, queries: np.ndarray, references: np.ndarray) -> np.ndarray:
        """log p(a, b | one group) - log p(a) - log p(b), in nats, of queries [Q, F] and references [N, F]: [Q, N].

        Along a direction of between-variance e, with a and b mapped,

            a b e / (1 + 2e) - (a^2 + b^2) e^2 / (2 (1 + e) (1 + 2e)) + log(1 + e) - log(1 + 2e) / 2
        """
        e = self.between
        a, b = (queries - self.mean) @ self.directions, (references - self.mean) @ self.directions
        weights = e**2 / (2 * (1 + e) * (1 + 2 * e))
        constant = (np.log1p(e) - np.log1p(2 * e) / 2).sum()
        return (a * e / (1 + 2 * e)) @ b.T - (a**2 @ weights)[:, np.newaxis] - b**2 @ weights + constant
