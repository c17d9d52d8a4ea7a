"""The groups of a retrieval: their features, the learned metric, and the measures of every query."""

from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from ugvae_tf.codes import symmetric_kl
from ugvae_tf.datasets.grouping import Grouping, held_out_members
from ugvae_tf.datasets.image_set import ImageSet
from ugvae_tf.evaluation import disjoint
from ugvae_tf.evaluation.floors import Floors, FloorsOfImages
from ugvae_tf.evaluation.retrieval import cosine_scores, query_measures
from ugvae_tf.plda import Plda
from ugvae_tf.serving.codes import ImageCodes, group_codes
from ugvae_tf.tasks.context import Context

GROUPS = 1000  # default of `groups`: held-out groups, and training groups for PLDA
PLDA_CODES = 6  # of n images, of each training group
MOST_DIMENSIONS = 1024  # of a code with PLDA: the time grows with their cube. Mean images have more from 32x32 pixels
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
    if context.request.attribute:
        return context.label_name
    images = context.held_out
    groups = np.unique(images.group_label(label), return_inverse=True)[1]
    varying = []
    for name, values in images.labels.items():
        numbers = np.unique(values, return_inverse=True)[1]
        pairs = len(np.unique(groups * (numbers.max() + 1) + numbers))
        if name != label and values.dtype.kind != "f" and pairs > groups.max() + 1 and numbers.max() > 1:
            varying.append(name)
    return varying[0] if len(varying) == 1 else None


def _random_values(context: Context, images: ImageSet) -> np.ndarray:
    members = held_out_members(len(images), Grouping(context.largest, seed=context.request.seed))
    values = np.empty(len(images), int)
    for number, group in enumerate(members):
        values[group[group >= 0]] = number
    return values


def fitted(train: Side, n: int, random: np.random.Generator) -> tuple[dict[str, Plda], dict[str, np.ndarray]]:
    """PLDA and the mean of each code over training groups of n images; no PLDA of fewer than two groups."""
    enough = [np.flatnonzero(train.values == value) for value in np.unique(train.values)]
    enough = [places for places in enough if len(places) >= n]
    if len(enough) < 2:
        return {}, {}
    draws = [np.stack([random.permutation(places)[:n] for places in enough]) for _ in range(PLDA_CODES)]
    features = [train.features(members) for members in draws]
    numbers = np.tile(np.arange(len(enough)), PLDA_CODES)
    codes = {name: np.concatenate([each[name] for each in features]) for name in features[0] if name != "beta_stddev"}
    plda = {name: Plda.fit(each, numbers) for name, each in codes.items() if each.shape[1] <= MOST_DIMENSIONS}
    return plda, {name: values.mean(axis=0) for name, values in codes.items()}


@dataclass
class Measured:
    """The measures of each query, averaged over draws; and the last draw."""

    groups: int
    values: dict[str, np.ndarray]  # `code_metric_measure` -> [groups]
    draw: Draw
    scores: np.ndarray  # of the first code by its best metric [groups, groups]


def measured(
    side: Side,
    protocol: str,
    n: int,
    plda: dict[str, Plda],
    centre: dict[str, np.ndarray],
    repeats: int,
    random: np.random.Generator,
) -> Measured | None:
    """The measures of every code by every metric, or None if fewer than two groups have 2n images."""
    names = np.unique(side.values)
    sums: dict[str, np.ndarray] = {}
    counts = np.zeros(len(names))
    for _ in tqdm(range(repeats), desc=f"{protocol}, n = {n}", leave=False):
        draw = side.drawn(protocol, n, random)
        if len(draw[0]) < 2:
            return None
        queries, references = (side.features(members) for members in draw)
        scores = _scores(queries, references, plda, centre)
        places = np.searchsorted(names, side.values[draw[0][:, 0]])  # of the groups in this draw
        counts[places] += 1
        for name, each in scores.items():
            for measure, values in query_measures(each).items():
                sums.setdefault(f"{name}_{measure}", np.zeros(len(names)))[places] += values
    averages = {name: total[counts > 0] / counts[counts > 0] for name, total in sums.items()}
    best = next(scores[f"{code}_{m}"] for code in CODES for m in ("plda", "cosine") if f"{code}_{m}" in scores)
    return Measured(len(draw[0]), averages, draw, best)


def _scores(
    queries: dict[str, np.ndarray],
    references: dict[str, np.ndarray],
    plda: dict[str, Plda],
    centre: dict[str, np.ndarray],
) -> dict[str, np.ndarray]:
    """`code_metric` -> [groups, groups]."""
    found = {}
    for name in (name for name in queries if name != "beta_stddev"):
        of_code = queries[name], references[name]
        found[f"{name}_cosine"] = cosine_scores(*of_code, centre.get(name, references[name].mean(axis=0)))
        if name in plda:
            found[f"{name}_plda"] = plda[name].scores(*of_code)
    if "beta_stddev" in queries:
        moments = (side[name] for side in (queries, references) for name in ("beta_mean", "beta_stddev"))
        found["beta_mean_kl"] = -symmetric_kl(*moments)
    return found
