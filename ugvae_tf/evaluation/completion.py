"""Completion of groups: predictors of the images of a group that are not given, and their squared error."""

from dataclasses import dataclass

import numpy as np

NEAREST = 10  # training groups that are averaged


def component_of_each(components: np.ndarray, contents: np.ndarray, count: int) -> np.ndarray:
    """The most frequent component among the images of each content: [count].

    Args:
        components: [N] of images.
        contents: [N], whole numbers below `count`, each of which some image has.
    """
    return np.stack([np.bincount(components[contents == content]).argmax() for content in range(count)])


@dataclass(frozen=True)
class TrainingGroups:
    """The mean image of each content in each training group, and in all training groups: floors with known contents.

    If a group has no image of a content, the mean image of the content replaces it.
    """

    of_content: np.ndarray  # [V, pixels] in [0, 1]
    of_group: np.ndarray  # [groups, V, pixels]

    @classmethod
    def of(cls, images: np.ndarray, groups: np.ndarray, contents: np.ndarray) -> "TrainingGroups":
        """From images [N, H, W, C], bytes, their groups [N] and contents [N], whole numbers from 0."""
        pixels, count = images.reshape(len(images), -1), contents.max() + 1
        of_content = np.stack([pixels[contents == content].mean(0, np.float32) / 255 for content in range(count)])
        numbers = np.unique(groups, return_inverse=True)[1]
        of_group = np.tile(of_content, (numbers.max() + 1, 1, 1))
        order = np.lexsort((contents, numbers))
        keys = numbers[order] * count + contents[order]
        for run in np.split(order, np.flatnonzero(np.diff(keys)) + 1):  # images of one content in one group
            of_group[numbers[run[0]], contents[run[0]]] = pixels[run].mean(0, np.float32) / 255
        return cls(of_content, of_group)

    def distances(self, pixels: np.ndarray, contents: np.ndarray) -> np.ndarray:
        """Squared error per pixel between images [N, pixels] in [0, 1] and their content in each group: [N, groups]."""
        found = np.empty((len(pixels), len(self.of_group)), np.float32)
        for content in np.unique(contents):
            rows, table = contents == content, self.of_group[:, content]
            squares = (pixels[rows] ** 2).sum(axis=1)[:, np.newaxis] + (table**2).sum(axis=1)
            found[rows] = (squares - 2 * pixels[rows] @ table.T) / pixels.shape[1]
        return found

    def mean_of_nearest(self, given: np.ndarray, contents: np.ndarray, count: int) -> np.ndarray:
        """Images of some contents [N], averaged over the nearest training groups: [N, pixels].

        Args:
            given: `distances` of the given images of one group [n, groups].
            contents: [N], of the images to draw.
            count: number of groups that are averaged.
        """
        nearest = np.argsort(given.sum(axis=0), kind="stable")[:count]
        return self.of_group[nearest][:, contents].mean(axis=0)


def squared_error(drawn: np.ndarray, true: np.ndarray) -> float:
    """Per pixel, of images [N, pixels] in [0, 1], averaged over the images."""
    return float(((drawn - true) ** 2).mean())
