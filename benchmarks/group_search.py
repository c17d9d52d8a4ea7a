"""How often do n images of an unseen group find it among all groups of a data set, those of training too?

`python benchmarks/group_search.py --saved-model glyphs --images 10` prints recall@1 and recall@5 of unseen groups, by
the learned metric of the export, by the symmetric KL divergence of q(beta), and of a floor: principal components of
the mean image with a PLDA that is fitted to training groups. The reference of an unseen group has its other images,
that of a training group all of them. 95 % intervals by bootstrap over the unseen groups; means of five draws.
"""

import argparse

import numpy as np

from ugvae_tf.codes import neighbours
from ugvae_tf.codes.plda import Plda
from ugvae_tf.datasets.loading import load_split
from ugvae_tf.evaluation import disjoint
from ugvae_tf.evaluation.bootstrap import interval
from ugvae_tf.evaluation.floors import Floors
from ugvae_tf.serving.codes import GroupCodes, encode_images, group_codes
from ugvae_tf.serving.served_model import load

DRAWS, PLDA_CODES, MOST = 5, 6, 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saved-model", default="glyphs")
    parser.add_argument("--images", type=int, default=10, help="n: images of a query")
    parser.add_argument("--seed", type=int, default=0)
    flags = parser.parse_args()
    model = load(flags.saved_model)
    label, random = model.settings.data.group_by, np.random.default_rng(flags.seed)
    train, held_out = (load_split(model.settings.data, split) for split in ("train", "held-out"))
    floors = Floors.fit(train.images, random)
    codes = [encode_images(model, side.images) for side in (train, held_out)]
    pixels = [floors.on(side.images) for side in (train, held_out)]
    values = [side.labels[label] for side in (train, held_out)]
    every = padded([np.flatnonzero(values[0] == value) for value in np.unique(values[0])])
    members, divisions = disjoint.sets(values[0], flags.images, PLDA_CODES, random)
    plda = Plda.fit(pixels[0].features(members)["pca"], divisions)
    hits = {name: [] for name in ("learned metric", "symmetric KL", "floor: PCA-100, PLDA")}
    for _ in range(DRAWS):
        queries, others = drawn(values[1], flags.images, random)
        query, *references = (
            group_codes(codes[1], queries), group_codes(codes[1], others), group_codes(codes[0], every))  # fmt: skip
        together = GroupCodes(*(np.concatenate(each) for each in zip(*references, strict=True)))
        for name, metric in {"learned metric": model.metric.plda, "symmetric KL": None}.items():
            places, _ = neighbours.nearest(together, MOST, metric, queries=query)
            hits[name].append(places == np.arange(len(queries))[:, np.newaxis])
        features = [pixels[1].features(queries), pixels[1].features(others), pixels[0].features(every)]
        first, second, third = (each["pca"] for each in features)
        places = np.argsort(-plda.scores(first, np.concatenate([second, third])), axis=1)[:, :MOST]
        hits["floor: PCA-100, PLDA"].append(places == np.arange(len(queries))[:, np.newaxis])
    print(f"{flags.images} images of {len(queries)} unseen values of {label} among {len(queries) + len(every)}")
    for name, found in hits.items():
        print(f"{name:24}" + "".join(f"  recall@{k} {shown(np.array(found)[..., :k], random)}" for k in (1, 5)))


def drawn(values: np.ndarray, n: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """n images of every group, and all others of it, padded with -1."""
    order = [random.permutation(np.flatnonzero(values == value)) for value in np.unique(values)]
    order = [images for images in order if len(images) > n]
    return np.stack([images[:n] for images in order]), padded([images[n:] for images in order])


def padded(groups: list[np.ndarray]) -> np.ndarray:
    size = max(map(len, groups))
    return np.stack([np.pad(group, (0, size - len(group)), constant_values=-1) for group in groups])


def shown(hits: np.ndarray, random: np.random.Generator) -> str:
    """Recall from hits at each rank [D, Q, k], and its interval over groups."""
    means = hits.any(axis=-1).mean(axis=0)
    low, high = interval(means, random)
    return f"{means.mean():.3f} ({low:.3f} to {high:.3f})"


if __name__ == "__main__":
    main()
