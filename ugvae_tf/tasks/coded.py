"""Tasks on a file of codes that `ugvae encode` wrote, in place of images: what needs no pixels."""

from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure

from ugvae_tf.codes import symmetric_kl
from ugvae_tf.errors import UserError
from ugvae_tf.evaluation.projection import tsne
from ugvae_tf.plots import pictures
from ugvae_tf.plots.maps import scatter
from ugvae_tf.plots.matrix import count_matrix
from ugvae_tf.tasks import coded_retrieval
from ugvae_tf.tasks.coded_groups import CodedGroups
from ugvae_tf.tasks.context import Context, Report

STEPS, ROWS = 10, 6  # betas along a path, and components in the picture of it
MOST_GROUPS = 40  # in the matrix of components
IMAGES = 2000  # in the embedding
FEWEST = 4  # points of t-SNE
COLOURS = 10
OTHERS = "other components"
BETA = "beta, which this task moves"


def clustering(context: Context) -> Report:
    """Shares of the components over all images, and which groups they come from."""
    context.require("has_mixture", "mixture, whose components this task shows")
    groups = CodedGroups.of(context).table
    images = groups.images[:, np.newaxis] * groups.component_probs.astype(float)  # [G, K], of each component
    shares = images.sum(axis=0) / images.sum()
    used = float(np.exp(-(shares * np.log(np.maximum(shares, 1e-12))).sum()))
    metrics = {f"share_{d}": float(share) for d, share in enumerate(shares)} | {"components_in_use": used}
    shown = np.argsort(-groups.images, kind="stable")[:MOST_GROUPS]
    figure = count_matrix(
        np.rint(images[shown]).astype(int),
        groups.group[shown].astype(str).tolist(),
        "Groups of the images of each component d",
        "A bright cell: most images of the component are in this group. Numbers are sums of q(d), rounded.",
        what="group",
        use="have an image or more",
    )
    largest = ", ".join(f"d = {d} {shares[d]:.1%}" for d in np.argsort(-shares, kind="stable")[:8])
    lines = [f"Components of {int(groups.images.sum())} images in {len(groups)} groups", ""]
    lines += [f"in use (exponential of the entropy of the shares): {used:.1f} of {len(shares)}"]
    return Report(metrics, {"components": figure}, "\n".join([*lines, f"largest shares: {largest}"]))


def embedding(context: Context) -> Report:
    """Maps of groups, and of images if the file has rows of images, coloured by group or by main component."""
    coded, figures = CodedGroups.of(context), {}
    few = len(coded.table) <= COLOURS
    colour = "group" if few else "main component"
    if len(coded.table) >= FEWEST:
        names = coded.table.group.astype(str) if few else _mains(coded.table.component_probs)
        caption = f"Each point is a group of the file, by the {coded.meaning}. The colour is the {colour}."
        figures["groups"] = scatter(tsne(coded.code, context.request.seed), names, "Codes of groups", caption)
    if coded.images is not None and len(coded.images) >= FEWEST:
        rows = coded.images.rows(context.generator().permutation(len(coded.images))[:IMAGES])
        names = rows.group.astype(str) if few else _mains(rows.component_probs)
        caption = f"Each point is one of {len(rows):,} images, by the mean of q(z). The colour is the {colour}."
        points = tsne(rows.z_mean, context.request.seed)
        figures["images"] = scatter(points, names, "Codes of single images", caption, background=OTHERS)
    if not figures:
        raise UserError(f"A map needs {FEWEST} groups or images, and {context.dataset} has fewer.")
    text = f"Maps of {' and '.join(figures)}: {len(coded.table)} groups"
    return Report({"groups": float(len(coded.table))}, figures, text)


def _mains(probs: np.ndarray) -> np.ndarray:
    """The component with the largest probability in each row: the most frequent ones by name."""
    mains = probs.argmax(axis=1)
    found, counts = np.unique(mains, return_counts=True)
    shown = found if len(found) <= COLOURS else found[np.argsort(-counts, kind="stable")[: COLOURS - 1]]
    return np.array([f"d = {component}" if component in shown else OTHERS for component in mains])


def interpolation(context: Context) -> Report:
    """The means of the components along the way between two groups: those of `between`, or the farthest apart."""
    context.require("has_beta", BETA)
    groups = CodedGroups.of(context).table
    if len(groups) < 2:
        raise UserError("A path needs two groups, and the file of `codes` has one.")
    distances = symmetric_kl(groups.beta_mean, groups.beta_stddev)
    named = context.request.between
    first, second = _places(named, groups.place) if named else divmod(int(distances.argmax()), len(groups))
    metrics = {
        "distance": float(distances[first, second]),
        "median_distance": float(np.median(distances[np.triu_indices(len(groups), 1)])),
    }
    names = [str(groups.group[place]) for place in (first, second)]
    betas = np.linspace(groups.beta_mean[first], groups.beta_mean[second], STEPS).astype(np.float32)
    shares = groups.component_probs[[first, second]].mean(axis=0)
    lines = [f"{names[0]} -> {names[1]}, of {len(groups)} groups", ""]
    lines += [f"symmetric KL of their q(beta)  {metrics['distance']:.1f} nats"]
    lines += [f"median over all pairs          {metrics['median_distance']:.1f} nats"]
    return Report(metrics, {"between": _path(context, betas, shares, names)}, "\n".join(lines))


def _places(named: str, place: Callable[[object], int]) -> tuple[int, int]:
    names = named.split(",")
    if len(names) != 2:
        raise UserError(f"`between={named}` must name two groups, such as anna,berta.")
    return place(names[0]), place(names[1])


def _path(context: Context, betas: np.ndarray, shares: np.ndarray, names: list[str]) -> Figure:
    """Decoded means of p(z | d, beta), a row for each of the components that the two groups use most."""
    shown = np.argsort(-shares, kind="stable")[:ROWS]
    z = context.model.prior(betas)["z_mean"][:, shown]  # [STEPS, ROWS, L]
    images = context.model.decode(z, betas)["image_mean"].swapaxes(0, 1)
    labels = [f"d = {d} {shares[d]:.0%}" for d in shown]
    return pictures.image_grid(
        images,
        f"Mean image of each component, from {names[0]} to {names[1]}",
        labels,
        f"beta, from {names[0]} to {names[1]}",
        caption="Components with the largest mean shares in the two groups. An image is decoded from the mean of z.",
    )


FROM_CODES: dict[str, Callable[[Context], Report]] = {
    "interpolation": interpolation,
    "embedding": embedding,
    "clustering": clustering,
    "retrieval": coded_retrieval.report,
}


def report(context: Context) -> Report:
    """The task of the request."""
    return FROM_CODES[context.request.task](context)
