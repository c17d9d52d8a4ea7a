"""A Gaussian mixture of the codes of images, from which the components of a model start."""

from typing import Any, NamedTuple

import numpy as np
from sklearn.manifold import TSNE
from sklearn.mixture import GaussianMixture

from ugvae_tf.evaluation.projection import start_of

MOST_CODES = 12_000  # that the mixture is fitted to; t-SNE needs about 5 CPU seconds per 1,000
STARTS = 4  # of expectation-maximisation; the result with the highest likelihood is used
STARTS_IN_PLANE = 10  # there it takes milliseconds
LEAST_VARIANCE = 1e-4  # added to the variances of a component, so that none is singular


class CodeMixture(NamedTuple):
    """The moments of K components, and the components of N codes."""

    mean: np.ndarray  # [K, L]
    variance: np.ndarray  # [K, L], the diagonal
    shares: np.ndarray  # [N, K], the probability of each component for each code


def code_mixture(
    mean: np.ndarray, stddev: np.ndarray, components: int, seed: int, neighbours: bool = False
) -> CodeMixture:
    """The moments of the components of a Gaussian mixture with full covariances, fitted to the codes of images.

    The mixture is fitted to the means of q(z), of at most MOST_CODES random images. The variance of a component is
    that of its images' z: the variance of their means, and the mean of the variances of their q(z).

    Args:
        mean: [N, L] of q(z).
        stddev: [N, L] of q(z).
        components: K.
        seed: of the chosen codes and of the first components.
        neighbours: start from the clusters of a map that keeps neighbours together, in place of random codes.
    """
    common: dict[str, Any] = {"n_components": components, "reg_covar": LEAST_VARIANCE, "random_state": seed}
    chosen = mean[np.sort(np.random.default_rng(seed).permutation(len(mean))[:MOST_CODES])]
    if neighbours:
        common |= _moments_of(chosen, clusters_of_map(chosen, components, seed))
    else:
        common |= {"n_init": STARTS, "init_params": "k-means++"}
    fitted = GaussianMixture(**common).fit(chosen)
    shares = fitted.predict_proba(mean)  # [N, K]
    noise = shares.T @ stddev**2 / shares.sum(axis=0)[:, np.newaxis]
    return CodeMixture(fitted.means_, np.diagonal(fitted.covariances_, axis1=1, axis2=2) + noise, shares)


def clusters_of_map(codes: np.ndarray, components: int, seed: int) -> np.ndarray:
    """The cluster [N] of each code: a Gaussian mixture in the plane of t-SNE (van der Maaten and Hinton 2008).

    t-SNE keeps the neighbours of each code together and moves groups of neighbours apart, so clusters of any shape
    become round (McConville et al. 2020, "N2D", with UMAP).
    """
    perplexity = min(30.0, (len(codes) - 1) / 3)
    plane = TSNE(perplexity=perplexity, init=start_of(codes), random_state=seed, n_jobs=-1).fit_transform(codes)
    mixture = GaussianMixture(components, n_init=STARTS_IN_PLANE, random_state=seed)
    found: np.ndarray = mixture.fit_predict(plane)
    return found


def _moments_of(codes: np.ndarray, clusters: np.ndarray) -> dict[str, Any]:
    """The settings with which a mixture starts at these clusters."""
    members = [codes[clusters == number] for number in np.unique(clusters)]
    ridge = LEAST_VARIANCE * np.eye(codes.shape[1])
    covariances = [np.cov(each.T, bias=True).reshape(ridge.shape) + ridge for each in members]
    return {
        "means_init": np.stack([each.mean(axis=0) for each in members]),
        "precisions_init": np.linalg.inv(np.stack(covariances)),
        "weights_init": np.array([len(each) for each in members]) / len(codes),
    }
