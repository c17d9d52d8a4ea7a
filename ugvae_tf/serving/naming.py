"""Names for the components of a model, from a label of its training images."""

from collections.abc import Callable

import numpy as np

from ugvae_tf.codes import Codes
from ugvae_tf.datasets.grouping import Grouping, held_out_members, varying_labels
from ugvae_tf.datasets.image_set import ImageSet
from ugvae_tf.errors import UserError
from ugvae_tf.serving.component_names import ComponentNames

IMAGES = 20_000  # training images that are encoded, in whole groups
GROUPS_PER_CALL = 64
MOST_VALUES = 1000  # of a label
DEFAULT = "label"
Encode = Callable[[np.ndarray, np.ndarray], Codes]  # groups [G, B, H, W, C] and their sizes [G] to codes


def label_for_names(images: ImageSet, group_label: str | None) -> str | None:
    """The label that names components: `label`, else the only one that differs within groups; None: there is none."""
    found = [name for name in varying_labels(images.labels, group_label) if _are_names(images.labels[name])]
    if DEFAULT in found:
        return DEFAULT
    return found[0] if len(found) == 1 else None


def component_names(
    encode: Encode, images: ImageSet, grouping: Grouping, components: int, label: str | None = None
) -> ComponentNames | None:
    """The names by the most probable components of training images, which are encoded in groups as in training.

    Args:
        components: K.
        label: by default `label_for_names`.

    Returns:
        None if no label names components.

    Raises:
        UserError: the images have no such label.
    """
    label = label or label_for_names(images, grouping.label)
    if label is None or components < 2:
        return None
    if label not in images.labels:
        raise UserError(f"The images have no label '{label}': their labels are {', '.join(images.labels) or 'none'}.")
    chosen, found = _components(encode, images, grouping)
    values, numbers = np.unique(images.labels[label][chosen], return_inverse=True)
    counts = np.zeros([len(values), components], int)
    np.add.at(counts, (numbers, found), 1)
    return names_of(label, [str(value) for value in values], counts)


def names_of(label: str, values: list[str], counts: np.ndarray) -> ComponentNames:
    """The names from the numbers of images of each value in each component [V, K]; of equal ones the first counts."""
    totals = counts.sum(axis=0)
    names = [values[row] if total else None for row, total in zip(counts.argmax(axis=0), totals, strict=True)]
    shares = counts.max(axis=0) / np.maximum(totals, 1)
    of_value = dict(zip(values, counts.argmax(axis=1).tolist(), strict=True))
    return ComponentNames(label, names, [round(float(share), 3) for share in shares], of_value)


def _components(encode: Encode, images: ImageSet, grouping: Grouping) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the images that are encoded [N], and their components [N]."""
    values = None if grouping.label is None else images.group_label(grouping.label)
    members = held_out_members(len(images), grouping, values)
    members = np.random.default_rng(grouping.seed).permutation(members)
    members = members[: max(1, int((np.cumsum((members >= 0).sum(axis=1)) <= IMAGES).sum()))]
    chosen, components = [], []
    for start in range(0, len(members), GROUPS_PER_CALL):
        part = members[start : start + GROUPS_PER_CALL]
        there = part >= 0
        codes = encode(images.images[np.maximum(part, 0)], there.sum(axis=1))
        chosen.append(part[there])
        components.append(codes.component_probs.argmax(axis=-1)[there])
    return np.concatenate(chosen), np.concatenate(components)


def _are_names(values: np.ndarray) -> bool:
    """Whether the values name something: neither truth values, nor one for nearly every image."""
    return values.dtype.kind in "iuU" and len(np.unique(values)) <= MOST_VALUES
