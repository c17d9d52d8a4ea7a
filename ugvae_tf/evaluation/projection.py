"""Projection of codes to two dimensions: t-SNE."""

import numpy as np

from ugvae_tf.errors import UserError
from ugvae_tf.progress import phase


def tsne(codes: np.ndarray, seed: int) -> np.ndarray:
    """t-SNE (van der Maaten and Hinton 2008) of codes [N, F], scaled to variance 1: [N, 2]."""
    from sklearn.manifold import TSNE  # takes a second to import
    from sklearn.preprocessing import StandardScaler

    if len(codes) < 4:
        raise UserError("t-SNE needs at least 4 points: give more `groups`.")
    perplexity = min(30.0, (len(codes) - 1) / 3)
    scaled = StandardScaler().fit_transform(codes)
    with phase(f"t-SNE of {len(codes):,} points"):
        return TSNE(perplexity=perplexity, init="pca", random_state=seed).fit_transform(scaled)
