"""What a swept model's codes and components are worth on validation images, beside floors of the same images."""

from pathlib import Path

import numpy as np

from ugvae_tf.datasets.grouping import Grouping, held_out_members
from ugvae_tf.datasets.image_set import ImageSet
from ugvae_tf.datasets.loading import load_split
from ugvae_tf.datasets.validation_split import HeldBack
from ugvae_tf.evaluation import disjoint, sampling
from ugvae_tf.evaluation.clustering import many_to_one_accuracy, matched_accuracy
from ugvae_tf.evaluation.composition import Regression
from ugvae_tf.evaluation.floors import Floors
from ugvae_tf.evaluation.retrieval import raw_scores, retrieval_metrics
from ugvae_tf.serving.codes import encode_images, group_codes
from ugvae_tf.serving.served_model import ServedModel, load

CONTENT = {"mnist": "label", "glyphs": "character"}  # the labels that components are compared with
GROUPS, GROUP_SIZE, TRAINING_IMAGES = 1000, 128, 20_000  # of composition
QUERY, REPEATS = 5, 5  # images of a query and of a reference, and draws, of retrieval
GROUPS_PER_CALL = 32


def measured(folder: Path, random: np.random.Generator) -> dict[str, float]:
    """`code` and `floor`, the recall or R2 of beta and of the PCA of the mean image, and the purity of components."""
    model = load(folder)
    data, held_back = model.settings.data, HeldBack.by(model.settings)
    train, validation = (load_split(data, split, held_back) for split in ("train", "validation"))
    floors = Floors.fit(train.images, random)
    by_content = _agreement(model, validation, validation.labels[CONTENT[data.dataset]])
    if data.group_by is None:
        return {**_composition(model, train, validation, floors, random), **by_content}
    return {**_retrieval(model, validation, floors, random), **by_content}


def _composition(
    model: ServedModel, train: ImageSet, validation: ImageSet, floors: Floors, random: np.random.Generator
) -> dict[str, float]:
    """R2 of the histogram of labels of random groups of GROUP_SIZE images, whatever B was in training."""
    values = np.unique(train.labels["label"])
    sides = []
    for images, groups in ((train, GROUPS), (validation, GROUPS // 4)):
        chosen = random.permutation(len(images))[:TRAINING_IMAGES]
        pixels, labels = images.images[chosen], images.labels["label"][chosen]
        members = sampling.random_members(len(chosen), groups, GROUP_SIZE, random)
        beta = group_codes(encode_images(model, pixels), members).beta_mean
        features = {"code": beta, "floor": floors.features(pixels, members)["pca"]}
        sides.append((features, sampling.histogram(labels, members, values)))
    (fitted, fitted_histograms), (tested, histograms) = sides
    names = list(map(str, values))
    return {name: Regression(fitted[name], fitted_histograms).r2(tested[name], histograms, names)["r2_mean"]
            for name in fitted}  # fmt: skip


def _retrieval(
    model: ServedModel, validation: ImageSet, floors: Floors, random: np.random.Generator
) -> dict[str, float]:
    """recall@1 of QUERY images of a group among QUERY others of every group, by the distance of codes."""
    codes, floor = encode_images(model, validation.images), floors.on(validation.images)
    values = validation.labels[str(model.settings.data.group_by)]
    found: dict[str, list[float]] = {"code": [], "floor": []}
    for _ in range(REPEATS):
        pair = disjoint.any_images(values, QUERY, random)
        features = {
            "code": [group_codes(codes, part).beta_mean for part in pair],
            "floor": [floor.features(part)["pca"] for part in pair],
        }
        for name, (queries, references) in features.items():
            found[name].append(retrieval_metrics(raw_scores(queries, references))["recall_at_1"])
    return {name: float(np.mean(each)) for name, each in found.items()}


def _agreement(model: ServedModel, images: ImageSet, labels: np.ndarray) -> dict[str, float]:
    """Of the components of images that are encoded in groups as in training."""
    data = model.settings.data
    values = None if data.group_by is None else images.labels[data.group_by]
    components = np.empty(len(images), np.intp)
    groups = held_out_members(len(images), Grouping(data.group_size), values)
    for start in range(0, len(groups), GROUPS_PER_CALL):
        members = groups[start : start + GROUPS_PER_CALL]
        is_there = members >= 0
        codes = model.encode_ragged(images.images[np.maximum(members, 0)], is_there.sum(axis=1))
        components[members[is_there]] = codes.component_probs.argmax(axis=-1)[is_there]
    return {
        "one_to_one": matched_accuracy(labels, components),
        "many_to_one": many_to_one_accuracy(labels, components),
        "used": float(len(np.unique(components))),
    }
