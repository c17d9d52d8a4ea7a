"""Albums: an additional label that partitions images into groups with different label proportions.

Each image is in exactly one album. An album has 20 to 200 images, and the proportions of its labels are drawn from
Dirichlet(0.5, ..., 0.5). NumPy only; the same labels and the same seed give the same albums.
"""

import numpy as np

SMALLEST, LARGEST = 20, 200  # images in an album
CONCENTRATION = 0.5
BALANCING = 100  # Sinkhorn iterations
SEEDS = {"train": 0, "held-out": 1}  # constant for each split: albums do not depend on the run


def album_names(labels: np.ndarray, split: str) -> np.ndarray:
    """The album of each image [N], such as 'train-017': no name is in both splits.

    Args:
        labels: [N], of the images.
    """
    return np.array([f"{split}-{album:03}" for album in albums(labels, SEEDS[split])])


def albums(labels: np.ndarray, seed: int) -> np.ndarray:
    """The album number [N] of each image, from the labels [N].

    The sizes are uniform between SMALLEST and LARGEST. The supply of each label is finite and is used up exactly:
    proportions p[album, label] ~ Dirichlet are multiplied by one factor for each label, so that the expected numbers
    sum to the supply, and are normalised again. Then one album after another draws its labels, multinomially. When a
    label has run out, its share goes to the labels that are left, in the album's proportions.
    """
    random = np.random.default_rng(seed)
    values, numbers, supply = np.unique(labels, return_inverse=True, return_counts=True)
    sizes = album_sizes(len(labels), random)
    proportions = balanced(random.dirichlet(np.full(len(values), CONCENTRATION), len(sizes)), sizes, supply)
    counts = drawn_counts(proportions, sizes, supply, random)  # [albums, labels]
    found = np.empty(len(labels), int)
    for value in range(len(values)):
        found[random.permutation(np.flatnonzero(numbers == value))] = np.repeat(np.arange(len(sizes)), counts[:, value])
    return found


def album_sizes(images: int, random: np.random.Generator) -> np.ndarray:
    """Sizes of albums that sum to the number of images; fewer images than SMALLEST give one small album."""
    sizes: list[int] = []
    while (left := images - sum(sizes)) >= LARGEST + SMALLEST:
        sizes.append(int(random.integers(SMALLEST, LARGEST, endpoint=True)))
    return np.array([*sizes, *([left] if left <= LARGEST else [left // 2, left - left // 2])])


def balanced(proportions: np.ndarray, sizes: np.ndarray, supply: np.ndarray) -> np.ndarray:
    """Proportions [albums, labels] whose expected numbers of labels sum to the supply [labels] (Sinkhorn)."""
    for _ in range(BALANCING):
        proportions = proportions * (supply / (sizes @ proportions))
        proportions /= proportions.sum(axis=1, keepdims=True)
    return proportions


def drawn_counts(
    proportions: np.ndarray, sizes: np.ndarray, supply: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """The number of images of each label in each album [albums, labels]; their sums are the supply."""
    counts, left = np.zeros(proportions.shape, int), supply.copy()
    for album, size in enumerate(sizes):
        while missing := size - counts[album].sum():
            wanted = np.where(left > 0, np.maximum(proportions[album], np.finfo(float).tiny), 0)
            drawn = np.minimum(random.multinomial(missing, wanted / wanted.sum()), left)
            counts[album] += drawn
            left -= drawn
    return counts
