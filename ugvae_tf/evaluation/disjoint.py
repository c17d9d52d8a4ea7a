"""Disjoint sets of images of every group: the query and the reference of a retrieval, and the codes of a metric."""

import numpy as np

Pair = tuple[np.ndarray, np.ndarray]  # queries and references, each [groups, n]


def any_images(values: np.ndarray, n: int, random: np.random.Generator) -> Pair:
    """n images of every group, and n others of it; groups [N] with fewer than 2n images are left out."""
    drawn = [random.permutation(np.flatnonzero(values == value))[: 2 * n] for value in np.unique(values)]
    return _halves([images for images in drawn if len(images) == 2 * n], n)


def other_contents(values: np.ndarray, contents: np.ndarray, n: int, random: np.random.Generator, same: bool) -> Pair:
    """As `any_images`, with one image of each of 2n contents: no content is in both sets of a group.

    Args:
        contents: [N], such as the characters of glyphs.
        same: whether the contents of the queries are the same for all groups, and so are those of the references. Then
            only groups with all these contents are left. Otherwise every group has contents of its own choice, so that
            the contents of the queries do not distinguish the groups.
    """
    order = random.permutation(np.unique(contents))
    drawn = []
    for value in np.unique(values):
        images = random.permutation(np.flatnonzero(values == value))
        present, first = np.unique(contents[images], return_index=True)
        of_content = dict(zip(present.tolist(), images[first].tolist(), strict=True))
        wanted = order[: 2 * n] if same else random.permutation(present)[: 2 * n]
        drawn.append(np.array([of_content[content] for content in wanted.tolist() if content in of_content], int))
    return _halves([images for images in drawn if len(images) == 2 * n], n)


def sets(values: np.ndarray, n: int, most: int, random: np.random.Generator) -> Pair:
    """Divisions of every group into two disjoint sets of n images or more, with up to `most` sets of a group in all.

    A group with few images is divided several times: one division into two sets alone is a noisy estimate of how much
    sets of a group differ.

    Args:
        values: [N], the group of each image; groups with fewer than 2n images are left out.
        most: sets of a group, 2 or more.

    Returns:
        The sets [S, n], and the number of the division of each [S]: sets of one number are of one group and disjoint.
    """
    found: list[np.ndarray] = []
    for value in np.unique(values):
        images = np.flatnonzero(values == value)
        count = min(most, len(images) // n)
        for _ in range(most // count if count > 1 else 0):
            found.append(random.permutation(images)[: count * n].reshape(count, n))
    if not found:
        return np.empty((0, n), int), np.empty(0, int)
    return np.concatenate(found), np.repeat(np.arange(len(found)), [len(each) for each in found])


def _halves(drawn: list[np.ndarray], n: int) -> Pair:
    both = np.array(drawn, int).reshape(-1, 2 * n)
    return both[:, :n], both[:, n:]


def typical_count(values: np.ndarray, contents: np.ndarray | None) -> int:
    """The median number of images of a group, or of its contents."""
    if contents is None:
        return int(np.median(np.unique(values, return_counts=True)[1]))
    pairs = np.unique(np.stack([np.unique(v, return_inverse=True)[1] for v in (values, contents)]), axis=1)
    return int(np.median(np.unique(pairs[0], return_counts=True)[1]))
