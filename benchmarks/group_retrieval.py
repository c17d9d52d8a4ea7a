"""How often is an unseen group found by the code of n of its images among the codes of n other images of all groups?

`python benchmarks/group_retrieval.py --saved-model saved_models/glyphs --group-by font` prints recall@1 by distance,
by the cosine of the angle and by PLDA, for the mean of q(beta), the mean of z, and the floors (the same groups, images
and metric), with 95 % intervals by bootstrap over the held-out groups. PLDA is fitted to disjoint sets of n images of
training groups.
"""

import argparse
from collections.abc import Iterator
from functools import partial

import numpy as np

from ugvae_tf.codes.plda import Plda
from ugvae_tf.datasets.image_set import ImageSet
from ugvae_tf.datasets.loading import load_split
from ugvae_tf.evaluation import disjoint
from ugvae_tf.evaluation.floors import FLOORS, Floors, FloorsOfImages
from ugvae_tf.evaluation.retrieval import cosine_scores, raw_scores
from ugvae_tf.serving.codes import ImageCodes, encode_images, group_codes
from ugvae_tf.serving.served_model import load

REPEATS, PLDA_CODES, RESAMPLES = 5, 6, 1000
CODES = {"beta_mean": "mean of q(beta)", "z_mean": "mean of z over the group"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saved-model", default="glyphs")
    parser.add_argument("--group-by", help="the label (default: the one that the model was trained with)")
    parser.add_argument("--images", default="3,5,10,31", help="n: images of a query, and of a reference")
    parser.add_argument("--seed", type=int, default=0)
    flags = parser.parse_args()
    model = load(flags.saved_model)
    label = flags.group_by or model.settings.data.group_by
    train, held_out = (load_split(model.settings.data, split) for split in ("train", "held-out"))
    random = np.random.default_rng(flags.seed)
    floors = Floors.fit(train.images, random)
    sides = [Side(images, label, encode_images(model, images.images, title), floors.on(images.images))
             for images, title in ((train, "training images"), (held_out, "held-out images"))]  # fmt: skip
    unseen = f"{len(np.unique(sides[1].values))} unseen values of {label}"
    print(f"{flags.saved_model}, version {model.version}: recall@1 among {unseen}\n")
    print(f"{'n':>3}  {'code of the group':34}{'by distance':>22}{'by cosine':>22}{'by PLDA':>22}")
    for n in map(int, flags.images.split(",")):
        for meaning, cells in measured(sides, n, random):
            print(f"{n:3}  {meaning:34}" + "".join(f"{cell:>22}" for cell in cells))


class Side:
    """The images of one split, and the groups that have them."""

    def __init__(self, images: ImageSet, label: str, codes: ImageCodes, floors: FloorsOfImages) -> None:
        values = images.labels[label]
        self.codes, self.floors = codes, floors
        self.values = values

    def features(self, members: np.ndarray) -> dict[str, np.ndarray]:
        """Every code of the groups, by name."""
        found = group_codes(self.codes, members)
        return {"beta_mean": found.beta_mean, "z_mean": found.z_mean} | self.floors.features(members)


def measured(sides: list[Side], n: int, random: np.random.Generator) -> Iterator[tuple[str, list[str]]]:
    """Each code's meaning, and its recalls with their intervals."""
    train, held_out = sides
    members, divisions = disjoint.sets(train.values, n, PLDA_CODES, random)
    training = train.features(members)
    draws = (disjoint.any_images(held_out.values, n, random) for _ in range(REPEATS))
    drawn = [[held_out.features(part) for part in draw] for draw in draws]
    for name, meaning in (CODES | FLOORS).items():
        cosine = partial(cosine_scores, centre=training[name].mean(axis=0))
        metrics = {"distance": raw_scores, "cosine": cosine, "plda": Plda.fit(training[name], divisions).scores}
        hits = {metric: [] for metric in metrics}
        for queries, references in drawn:
            for metric, score in metrics.items():
                found = score(queries[name], references[name]).argmax(axis=1)
                hits[metric].append(found == np.arange(len(found)))
        yield meaning, [interval(np.mean(each, axis=0), random) for each in hits.values()]


def interval(recalls: np.ndarray, random: np.random.Generator) -> str:
    """Mean recall over groups [N], and its interval."""
    means = recalls[random.integers(len(recalls), size=(RESAMPLES, len(recalls)))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return f"{recalls.mean():.3f} ({low:.2f} to {high:.2f})"


if __name__ == "__main__":
    main()
