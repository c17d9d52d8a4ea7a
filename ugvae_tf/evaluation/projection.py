"""Projection of codes to two dimensions: t-SNE."""

from typing import Literal

import numpy as np

from ugvae_tf.errors import UserError
from ugvae_tf.progress import phase


def tsne(codes: np.ndarray, seed: int) -> np.ndarray:
    """t-SNE (van der Maaten and Hinton 2008) of codes [N, F], scaled to variance 1: [N, 2]."""
    from sklearn.manifold import TSNE  # takes a second to import
    from sklearn.preprocessing import StandardScaler

    if len(codes) < 4:
        raise UserError(f"t-SNE needs at least 4 points, and here are {len(codes)}: give more images or groups.")
    perplexity = min(30.0, (len(codes) - 1) / 3)
    scaled = StandardScaler().fit_transform(codes)
    with phase(f"t-SNE of {len(codes):,} points"):
        return TSNE(perplexity=perplexity, init=start_of(codes), random_state=seed).fit_transform(scaled)


def start_of(codes: np.ndarray) -> Literal["pca", "random"]:
    """Where t-SNE begins: in the plane of the first two principal components, if the codes [N, F] have two."""
    return "pca" if codes.shape[1] > 1 else "random"
