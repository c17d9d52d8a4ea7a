"""How often are foreign images and differing groups found? Members and compare, on held-out images.

`python benchmarks/group_questions.py fonts` (or faces, digits) prints

- members: groups of 30 images of one kind and one image of another kind. log p(x) averages over 20 groups of any kind,
  the tested one too, unlike that of `ugvae members`. AUC of the score over all images, with a 95 %
  interval by bootstrap over groups; the share of foreign images, and of true candidates, with p <= .05 (full
  conformal); and the AUC of a floor: squared distance of 100 principal components from the mean of the other images.
- compare: how often p <= .05 for two halves of one group, and for two different groups, of 15 images each.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score
from tqdm import tqdm

from ugvae_tf.datasets.front import load_images
from ugvae_tf.evaluation import component_membership, membership
from ugvae_tf.evaluation.bootstrap import interval
from ugvae_tf.evaluation.membership import ImagePosteriors
from ugvae_tf.evaluation.share_comparison import share_test
from ugvae_tf.groups.rows import Groups, experts_of, joint_probs
from ugvae_tf.serving.expert_codes import is_optimal
from ugvae_tf.serving.served_model import load

SIZE, REFERENCES, LEVEL = 30, 20, 0.05
EXPERIMENTS = {  # the model, the data set, the label, and how its values are kinds
    "fonts": ("glyphs", "glyphs", "font", None),
    "faces": ("faces3d+avatars-aligned", "faces3d+avatars", "domain", None),
    "digits": ("mnist", "mnist", "label", lambda digits: np.where(digits % 2, "odd", "even")),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("experiment", choices=EXPERIMENTS)
    parser.add_argument("--saved-model")
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    flags = parser.parse_args()
    model, dataset, label, kinds = EXPERIMENTS[flags.experiment]
    images, values = held_out(dataset, label)
    groups = kinds(values) if kinds else values
    random = np.random.default_rng(flags.seed)
    data = Data.of(images, groups, flags.saved_model or model, random)
    trials = [list(trial(data, random)) for _ in tqdm(range(flags.trials), desc="trials")]
    report(trials, component_aucs(data, random), random)


def held_out(dataset: str, label: str) -> tuple[np.ndarray, np.ndarray]:
    """Images and their kinds; a mixture of data sets has `domain`."""
    parts = [load_images(name)[1] for name in dataset.split("+")]
    if label == "domain":
        names = np.repeat(dataset.split("+"), [len(part) for part in parts])
        return np.concatenate([part.images for part in parts]), names
    return parts[0].images, parts[0].labels[label]


@dataclass
class Data:
    """The images of all groups, encoded once."""

    groups: Groups
    images: np.ndarray
    kinds: np.ndarray
    pca: np.ndarray
    references: np.ndarray

    @classmethod
    def of(cls, images: np.ndarray, kinds: np.ndarray, model: str, random: np.random.Generator) -> "Data":
        groups = Groups(images, load(model), kinds)
        pixels = images.reshape(len(images), -1) / np.float32(255)
        pca = PCA(100, random_state=0).fit_transform(pixels)
        rows, betas = experts_of(groups.all_rows), []
        for _ in range(REFERENCES):
            chosen = random.choice(np.flatnonzero(kinds == random.choice(np.unique(kinds))), SIZE)
            betas.append(type(rows)(*(each[chosen] for each in rows)).sum(groups.prior).moments()[0])
        return cls(groups, images, kinds, pca, np.stack(betas))

    def posteriors(self, places: np.ndarray) -> ImagePosteriors:
        rows = self.groups.all_rows.rows(places)
        probs = None if is_optimal(self.groups.model) else rows.component_probs
        return ImagePosteriors(self.images[places] / np.float32(255), rows.z_mean, rows.z_stddev, probs)

    def scores(self, places: np.ndarray) -> np.ndarray:
        """The scores of the images of one group."""
        model, posteriors = self.groups.model, self.posteriors(places)
        log_p = membership.marginal(model, posteriors, self.references)
        experts = experts_of(self.groups.all_rows.rows(places))
        return membership.member_scores(model, posteriors, experts, self.groups.prior, log_p)

    def compared(self, first: np.ndarray, second: np.ndarray, random: np.random.Generator) -> float:
        rows = self.groups.all_rows
        return share_test(*joint_probs(self.groups, rows.rows(first), rows.rows(second)), 199, random).p_value


def trial(data: Data, random: np.random.Generator) -> Iterator[float]:
    """AUC by images and of the floor; p of a foreign image, a member, equal and different groups."""
    kind, other = random.permutation(np.unique(data.kinds))[:2]
    own = random.permutation(np.flatnonzero(data.kinds == kind))[: SIZE + 1]
    foreign = random.permutation(np.flatnonzero(data.kinds == other))[:SIZE]
    places = np.append(own[:-1], foreign[0])
    is_foreign = np.arange(len(places)) == len(places) - 1
    scores = data.scores(places)
    yield roc_auc_score(is_foreign, -scores)
    features = data.pca[places]
    rest = (features.sum(axis=0) - features) / (len(features) - 1)
    yield roc_auc_score(is_foreign, ((features - rest) ** 2).sum(axis=1))
    yield (scores <= scores[-1]).mean()
    null = data.scores(own)
    yield (null <= null[-1]).mean()
    half = len(own) // 2
    yield data.compared(own[:half], own[half : 2 * half], random)
    yield data.compared(own[:half], foreign[:half], random)


def component_aucs(data: Data, random: np.random.Generator) -> np.ndarray:
    """AUC by components alone: 100 groups with one foreign image, for each of ten draws of the other groups."""
    probs, found = np.asarray(data.groups.all_rows.component_probs), []
    for _ in range(10):
        kinds = random.choice(np.unique(data.kinds), REFERENCES)
        others = [probs[random.choice(np.flatnonzero(data.kinds == kind), SIZE)] for kind in kinds]
        counts = np.stack([each.sum(axis=0, dtype=float) for each in others])
        concentration = component_membership.best_concentration(others)
        for _ in range(100):
            kind, other = random.permutation(np.unique(data.kinds))[:2]
            own = random.permutation(np.flatnonzero(data.kinds == kind))[:SIZE]
            places = np.append(own, random.choice(np.flatnonzero(data.kinds == other)))
            scores = component_membership.scores(probs[places], counts, concentration)
            found.append(roc_auc_score(np.arange(len(places)) == len(own), -scores))
    return np.array(found)


def report(trials: list[list[float]], components: np.ndarray, random: np.random.Generator) -> None:
    auc, floor, foreign, null, same, different = np.array(trials).T
    for name, values in {
        "AUC of members": auc,
        "the same by components": components,
        "floor: 100 principal components": floor,
    }.items():
        low, high = interval(values, random)
        print(f"{name:46}{values.mean():.3f} ({low:.3f} to {high:.3f})")
    for name, values in {
        "members: p <= .05, foreign image": foreign,
        "members: p <= .05, true candidate (null)": null,
        "compare: p <= .05, halves of one group (null)": same,
        "compare: p <= .05, two groups of 15": different,
    }.items():
        low, high = interval((values <= LEVEL).astype(float), random)
        print(f"{name:46}{(values <= LEVEL).mean():.3f} ({low:.3f} to {high:.3f})")


if __name__ == "__main__":
    main()
