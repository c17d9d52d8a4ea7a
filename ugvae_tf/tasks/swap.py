"""Swap: the content of one group with the beta of another."""

import numpy as np
from matplotlib.figure import Figure

from ugvae_tf.evaluation import interpolation, sampling
from ugvae_tf.evaluation.bootstrap import share_with_interval, with_interval
from ugvae_tf.evaluation.label_classifier import LabelClassifier
from ugvae_tf.evaluation.retrieval import query_measures, raw_scores
from ugvae_tf.plots import pictures
from ugvae_tf.plots.bars import Bar, bars
from ugvae_tf.tasks.contents import Contents, contents_of, group_values
from ugvae_tf.tasks.context import Context, Report

GROUPS = 100  # default of `groups`: held-out groups
SHOWN, COLUMNS = 5, 16  # groups and images in the figure
SOURCES = {
    "real": "held-out images of the group",
    "reconstruction": "their reconstructions",
    "swapped": "another group's images under its beta",
    "z_kept": "the same, but with z as it is",
}
READING = {  # captions of the figures, and titles of their axes
    "content": (
        "A classifier of real training images predicts the content of each image. Chance: the most frequent content.",
        "share of images with the right content",
    ),
    "found": (
        "Found: of all groups, other real images of the group of this beta have the nearest code.",
        "share of groups found (recall at 1)",
    ),
}


def report(context: Context) -> Report:
    """Content accuracy of swapped images, and retrieval of the group of their beta, with intervals over the groups.

    An image of group a keeps its component d and its noise: z' = mu_d(beta_b) + sigma_d(beta_b) noise (paper eq. 3),
    with z = mu_d(beta_a) + sigma_d(beta_a) noise. A classifier of the content, fitted to real training images,
    classifies the swapped images. Their code is compared with the codes of other real images of all groups.
    """
    for part, meaning in (("has_beta", "beta"), ("has_mixture", "mixture")):
        context.require(part, f"{meaning}, which this task exchanges")
    contents, random = contents_of(context), context.generator()
    values = group_values(context, context.held_out)
    size = min(context.largest, int(np.median(np.unique(values, return_counts=True)[1])) // 2)
    members = sampling.label_members(values, context.request.groups or GROUPS, 2 * size, random)
    first, second = members[:, :size], members[:, size:]
    images = _images(context, first)
    classifier = LabelClassifier(context.train.images, contents.train, context.request.seed)
    reference = context.model.encode(context.held_out.images[second]).beta_mean
    metrics = {"chance_found": 1 / len(first), "chance_content": _majority(contents)}
    for name, shown in images.items():
        truth = contents.held_out[first if name in ("real", "reconstruction") else np.roll(first, 1, axis=0)]
        kept = classifier.labels(shown.reshape(-1, *shown.shape[2:])).reshape(truth.shape) == truth
        metrics |= with_interval(f"content_{name}", kept.mean(axis=1), random)
        found = query_measures(raw_scores(context.model.encode(shown).beta_mean, reference))["recall_at_1"]
        metrics |= share_with_interval(f"found_{name}", found == 1)
    figures = {
        "swap": _picture(context, contents, first, members),
        "content": _bars(metrics, "content", f"Swapped images that keep their content ({contents.name})"),
        "found": _bars(metrics, "found", "Groups of swapped images that are found by the beta they were given"),
    }
    return Report(metrics, figures, _table(metrics, context, contents, first.shape))


def _bars(metrics: dict[str, float], measure: str, heading: str) -> Figure:
    rows = {
        meaning: Bar.of(metrics, f"{measure}_{name}", kind="data" if name == "real" else "learned")
        for name, meaning in SOURCES.items()
    }
    caption, x_title = READING[measure]
    return bars(rows, heading, caption, x_title, chance=metrics[f"chance_{measure}"], form=".3f")


def _majority(contents: Contents) -> float:
    """The accuracy of predicting the most frequent training content for every image."""
    return float((contents.held_out == np.bincount(contents.train).argmax()).mean())


def _images(context: Context, members: np.ndarray) -> dict[str, np.ndarray]:
    """Images of each group from each of the SOURCES [groups, B, H, W, C]; contents come from the group before."""
    real = context.held_out.images[members]
    codes = context.model.encode(real)
    betas = np.roll(codes.beta_mean, -1, axis=0)  # group a under beta of the next one
    swapped = np.stack([_swapped(context, members[place], betas[place]) for place in range(len(members))])
    kept = context.model.decode(codes.z_mean, betas)["image_mean"]
    return {
        "real": real / np.float32(255),
        "reconstruction": context.model.decode(codes.z_mean, codes.beta_mean)["image_mean"],
        "swapped": np.roll(swapped, 1, axis=0),
        "z_kept": np.roll(kept, 1, axis=0),
    }


def _swapped(context: Context, group: np.ndarray, beta: np.ndarray) -> np.ndarray:
    """The images of a group [B] under another group's beta [M]: [B, H, W, C]."""
    codes = context.model.encode(context.held_out.images[group])
    p_z = context.model.prior(np.stack([codes.beta_mean[0], beta]))  # of both groups [2, K, L]
    components = codes.component_probs[0].argmax(axis=-1)
    z = np.stack(
        [
            interpolation.carried_along(z, p_z["z_mean"][:, d], p_z["z_stddev"][:, d])[1]
            for z, d in zip(codes.z_mean[0], components, strict=True)
        ]
    )
    return context.model.decode(z[np.newaxis], beta[np.newaxis])["image_mean"][0]


def _picture(context: Context, contents: Contents, first: np.ndarray, members: np.ndarray) -> Figure:
    """Images of one group; then, for other groups, the same under their beta, above their true images."""
    group = first[0]
    chosen = group[np.argsort(contents.held_out[group], kind="stable")]
    columns = np.sort(np.random.default_rng(0).permutation(len(chosen))[:COLUMNS])
    wanted, images = contents.held_out[chosen[columns]], context.held_out.images
    names = group_values(context, context.held_out)
    rows, labels = [images[chosen[columns]] / 255], [str(names[group[0]])]
    for place in range(1, min(SHOWN + 1, len(first))):
        beta = context.model.encode(images[first[place]]).beta_mean[0]
        rows += [_swapped(context, chosen, beta)[columns], _true(context, contents, members[place], wanted)]
        labels += [f"beta of {names[first[place, 0]]}", "true images"]
    return pictures.image_grid(
        pictures.rows_of(rows, COLUMNS),
        f"Images of the group {names[group[0]]} under the beta of other groups",
        labels,
        caption="Top: real images. Below: each with its own d and its own deviation from the mean of p(z | d, beta), "
        f"but with beta of another group; under it, an image of that group with the same {contents.name}, if any.",
        row_blocks=range(1, len(rows), 2),
    )


def _true(context: Context, contents: Contents, group: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """An image of the group for each content, NaN if it has none: [N, H, W, C]."""
    blank = np.full(context.model.image_shape, np.nan)
    found = [group[contents.held_out[group] == content] for content in wanted]
    return np.stack([context.held_out.images[places[0]] / 255 if len(places) else blank for places in found])


def _table(metrics: dict[str, float], context: Context, contents: Contents, shape: tuple[int, int]) -> str:
    groups, size = shape
    lines = [
        f"{groups} held-out groups by {context.group_label}, {size} images of each; 95 % intervals over the groups;",
        f"retrieval uses {size} other images of all groups",
        "",
        f"{'':42}{f'{contents.name} accuracy':>30}{'group found (recall@1)':>30}",
    ]
    for name, meaning in SOURCES.items():
        cells = [Bar.of(metrics, f"{measure}_{name}").text(".3f") for measure in READING]
        lines.append(f"{meaning:42}" + "".join(f"{cell:>30}" for cell in cells))
    lines.append(f"{'chance':42}" + "".join(f"{metrics[f'chance_{measure}']:>30.3f}" for measure in READING))
    return "\n".join(lines)
