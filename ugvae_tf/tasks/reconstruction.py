"""Reconstruction: held-out images, encoded and decoded."""

import numpy as np
from matplotlib.figure import Figure
from tqdm import tqdm

from ugvae_tf.evaluation import sampling
from ugvae_tf.plots import pictures
from ugvae_tf.tasks.context import Context, Report

GROUPS = 64  # default of `groups`
EXAMPLES = 12  # of each label in the figure
MOST_LABELS = 10  # in the figure


def report(context: Context) -> Report:
    """Mean squared error of the decoder's mean at the means of z and beta, over all pixels and by label."""
    random, images = context.generator(), context.held_out.images
    groups = min(context.request.groups or GROUPS, len(images))
    members = context.resized(sampling.random_members(len(images), groups, context.largest, random), random)
    originals, decoded = images[members[members >= 0]] / 255, _decoded(context, members)
    errors = ((originals - decoded) ** 2).mean(axis=(1, 2, 3))  # [N]
    metrics = {"mean_squared_error": float(errors.mean())}
    labels = _labels(context)[members[members >= 0]]
    for value in np.unique(labels):
        metrics[f"mean_squared_error_{value}"] = float(errors[labels == value].mean())
    figure = picture(originals, decoded, labels, metrics)
    lines = ["Mean squared error of a pixel in [0, 1]", ""]
    lines += [f"{name.removeprefix('mean_squared_error').strip('_') or 'all':6} {v:.4f}" for name, v in metrics.items()]
    return Report(metrics, {"reconstruction": figure}, "\n".join(lines))


def picture(originals: np.ndarray, decoded: np.ndarray, labels: np.ndarray, metrics: dict[str, float]) -> Figure:
    """Pairs of rows for each label; of many labels, those of the smallest and of the largest errors."""
    values = np.unique(labels)
    which, errors = "", np.array([metrics[f"mean_squared_error_{value}"] for value in values])
    if len(values) > MOST_LABELS:
        order, half = errors.argsort(), MOST_LABELS // 2
        chosen = np.concatenate([order[:half], order[-half:]])
        which = f" Of {len(values)} labels, those of the {half} smallest and of the {half} largest errors."
        values, errors = values[chosen], errors[chosen]
    return pictures.image_grid(
        np.concatenate([_rows(originals, decoded, labels == value) for value in values]),
        "Held-out images, each above its reconstruction",
        [text for value, error in zip(values, errors, strict=True) for text in (str(value), f"error {error:.4f}")],
        caption="Error: the mean squared difference of a pixel in [0, 1] over held-out images of a label, more than "
        f"are shown; over all images {metrics['mean_squared_error']:.4f}.{which}",
        row_blocks=range(0, 2 * len(values), 2),
    )


def _labels(context: Context) -> np.ndarray:
    """The label [N] by which errors are averaged; one value for all images if there is none."""
    if context.label_name in context.held_out.labels:
        return context.labels(context.held_out)
    return np.full(len(context.held_out), "every image")


def _decoded(context: Context, members: np.ndarray) -> np.ndarray:
    """The decoder's means for the images of all groups, one after the other [N, H, W, C]."""
    decoded = []
    for group in tqdm(members, desc="groups", leave=False):
        there = group >= 0
        images = context.held_out.images[np.newaxis, np.maximum(group, 0)]
        codes = context.model.encode_ragged(images, np.array([there.sum()]))
        decoded.append(context.model.decode(codes.z_mean, codes.beta_mean)["image_mean"][0, there])
    return np.concatenate(decoded)


def _rows(originals: np.ndarray, decoded: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Two rows of a picture [2, EXAMPLES, H, W, C]; NaN where there are fewer."""
    pair = np.stack([originals[chosen][:EXAMPLES], decoded[chosen][:EXAMPLES]])
    missing = EXAMPLES - pair.shape[1]
    return np.pad(pair, ((0, 0), (0, missing), (0, 0), (0, 0), (0, 0)), constant_values=np.nan)
