"""The groups of a retrieval: their images, how these are drawn, and the features of groups."""

from dataclasses import dataclass

import numpy as np

from ugvae_tf.datasets.grouping import Grouping, held_out_members, varying_labels
from ugvae_tf.datasets.image_set import ImageSet
from ugvae_tf.evaluation import disjoint
from ugvae_tf.evaluation.floors import Floors, FloorsOfImages
from ugvae_tf.serving.codes import ImageCodes, group_codes
from ugvae_tf.tasks.context import Context

GROUPS = 1000  # default of `groups`: held-out groups, and training groups for PLDA
CODES = {"beta_mean": "mean of q(beta)", "z_mean": "mean of z over the group"}
Draw = tuple[np.ndarray, np.ndarray]


@dataclass
class Side:
    """The images of a split in groups, with what features of groups are made of."""

    images: np.ndarray
    values: np.ndarray  # [N], the group of each image
    contents: np.ndarray | None  # [N], or None
    codes: ImageCodes
    label: str | None  # whose values are the groups; None: they are random
    content: str | None  # the label whose values are the contents
    has_beta: bool
    floors: FloorsOfImages

    @classmethod
    def of(cls, context: Context, split: str, floors: Floors) -> "Side":
        """Groups by the group label, else by the label, else random ones; at most `groups` of them."""
        held_out = split == "held-out"
        images = context.held_out if held_out else context.train
        codes = context.held_out_codes if held_out else context.train_codes
        label = context.group_label or (context.label_name if context.label_name in images.labels else None)
        values = images.group_label(label) if label else _random_values(context, images)
        content = None if label is None else _content_label(context, label)
        contents = None if content is None else images.group_label(content)
        names = context.generator(7).permutation(np.unique(values))[: context.request.groups or GROUPS]
        kept = np.flatnonzero(np.isin(values, names))
        chosen = {
            field: getattr(codes, field)[kept] for field in ("precision", "precision_mean", "z_mean", "component_probs")
        }
        prior = {name: getattr(codes, name) for name in ("prior_precision", "prior_precision_mean")}
        return cls(
            images.images[kept],
            values[kept],
            None if contents is None else contents[kept],
            ImageCodes(**chosen, **prior),
            label,
            content,
            context.model.settings.model.has_beta,
            floors.on(images.images[kept]),
        )

    @property
    def typical(self) -> int:
        """Images, or contents, of a typical group."""
        return disjoint.typical_count(self.values, self.contents)

    @property
    def protocols(self) -> dict[str, str]:
        """How images are drawn, with descriptions."""
        if self.contents is None:
            return {"any": "any images of a group"}
        return {
            "same": f"the same values of {self.content} for all groups",
            "own": f"other values of {self.content} for each group",
        }

    def drawn(self, protocol: str, n: int, random: np.random.Generator) -> Draw:
        """Queries and references [groups, n]."""
        if self.contents is None or protocol == "any":
            return disjoint.any_images(self.values, n, random)
        return disjoint.other_contents(self.values, self.contents, n, random, same=protocol == "same")

    def features(self, members: np.ndarray) -> dict[str, np.ndarray]:
        """Every code of the groups, and the deviations of q(beta) as `beta_stddev`."""
        found = group_codes(self.codes, members)
        beta = {"beta_mean": found.beta_mean, "beta_stddev": found.beta_stddev} if self.has_beta else {}
        return beta | {"z_mean": found.z_mean} | self.floors.features(members)


def _content_label(context: Context, label: str) -> str | None:
    """The `attribute`, else the one label that varies within groups, such as the characters of fonts."""
    if context.request.attribute and context.label_name != label:
        return context.label_name
    labels = context.held_out.labels
    found = [name for name in varying_labels(labels, label) if len(np.unique(labels[name])) > 2]
    return found[0] if len(found) == 1 else None


def _random_values(context: Context, images: ImageSet) -> np.ndarray:
    members = held_out_members(len(images), Grouping(context.largest, seed=context.request.seed))
    values = np.empty(len(images), int)
    for number, group in enumerate(members):
        values[group[group >= 0]] = number
    return values
