"""What tasks show of images without labels: components, embeddings, and paths between groups far apart."""

import numpy as np
from matplotlib.figure import Figure

from ugvae_tf.codes import symmetric_kl
from ugvae_tf.errors import UserError
from ugvae_tf.evaluation import sampling
from ugvae_tf.evaluation.projection import tsne
from ugvae_tf.plots import charts, pictures
from ugvae_tf.plots.thumbnails import thumbnails
from ugvae_tf.serving.codes import MEANINGS, group_codes
from ugvae_tf.tasks.context import Context, Report
from ugvae_tf.tasks.pairs import Pairs

STRIP = 12  # images of a component
MOST_COMPONENTS = 40  # in the gallery
IMAGES = 2000  # in the embedding
GROUPS = 60  # default of `groups`
PATHS = 10  # images along the path between two groups
ALONG = [f"{share:.0%}" for share in np.linspace(0, 1, 7)]


def is_labelled(context: Context) -> bool:
    """Whether there is a label that defines categories; one that is asked for counts, and may be an error."""
    asked = context.request.attribute or context.request.category_labels
    return bool(asked) or context.label_name in context.held_out.labels


def gallery(context: Context) -> Figure:
    """The most typical held-out images of each component, with its share; components without any are left out."""
    probs = context.held_out_codes.component_probs
    shares, found = probs.mean(axis=0), probs.argmax(axis=1)
    used = np.unique(found)
    shown = used[np.argsort(-shares[used], kind="stable")][:MOST_COMPONENTS]
    strips = []
    for d in shown:
        members = np.flatnonzero(found == d)
        best = members[np.argsort(-probs[members, d], kind="stable")[:STRIP]]
        strips.append(context.held_out.images[best] / 255)
    labels = [f"d={d} {shares[d]:.0%}" for d in shown]
    return pictures.image_grid(pictures.rows_of(strips, STRIP), "Most typical images of each component", labels)


def components(context: Context) -> Report:
    """Shares of the components in place of their agreement with labels."""
    probs = context.held_out_codes.component_probs.astype(float)
    shares = probs.mean(axis=0)
    used = float(np.exp(-(shares * np.log(np.maximum(shares, 1e-12))).sum()))
    metrics = {f"share_{d}": float(share) for d, share in enumerate(shares)}
    metrics |= {"components_in_use": used, "certainty": float(probs.max(axis=1).mean())}
    order = np.argsort(-shares, kind="stable")
    lines = [
        f"Components of {len(probs)} held-out images, which have no labels to compare with",
        "",
        f"in use (exponential of the entropy of the shares): {used:.1f} of {len(shares)}",
        f"mean of the largest q(d): {metrics['certainty']:.3f} ({1 / len(shares):.3f} if q(d) is uniform)",
        "largest shares: " + ", ".join(f"d = {d} {shares[d]:.1%}" for d in order[:8]),
    ]
    return Report(metrics, {"gallery": gallery(context)}, "\n".join(lines))


def image_map(context: Context, random: np.random.Generator) -> Figure:
    """t-SNE of images by the mean of q(z), with images in place of points."""
    shown = random.permutation(len(context.held_out))[:IMAGES]
    points = tsne(context.held_out_codes.z_mean[shown], context.request.seed)
    return thumbnails(points, context.held_out.images[shown] / 255, "t-SNE of q(z)'s means: single images")


def embedding(context: Context) -> Report:
    """Maps of images, and of groups by the group label or of random groups."""
    random = context.generator()
    members = _groups(context, random)
    codes = group_codes(context.held_out_codes, members)
    means = np.stack([context.held_out.images[group[group >= 0]].mean(axis=0) / 255 for group in members])
    meaning, name = MEANINGS[next(iter(codes.features))], context.group_label or "random groups"
    points = tsne(codes.code, context.request.seed)
    title = f"t-SNE of groups ({name}) by the {meaning}: mean images"
    figures = {"groups": thumbnails(points, means, title), "images": image_map(context, random)}
    return Report({"groups": float(len(members))}, figures, f"Maps of {len(members)} groups ({name}) and of images")


def _groups(context: Context, random: np.random.Generator) -> np.ndarray:
    """Members [groups, B], by the group label or at random."""
    groups = context.request.groups or GROUPS
    if context.group_label is None:
        return sampling.random_members(len(context.held_out), groups, context.largest, random)
    values = context.held_out.group_label(context.group_label)
    return sampling.label_members(values, groups, context.largest, random, least=2)


def path(context: Context) -> Report:
    """The way from one group to another: the two that `between` names, or those whose q(beta) are farthest apart."""
    context.require("has_beta", "beta, which this task moves")
    random = context.generator()
    members = _named(context, random) if context.request.between else _groups(context, random)
    if len(members) < 2:
        raise UserError("A path needs two groups: give `groups` of 2 or more.")
    codes = group_codes(context.held_out_codes, members)
    distances = symmetric_kl(codes.beta_mean, codes.beta_stddev)
    first, second = divmod(int(distances.argmax()), len(distances))
    ends = members[[first, second]]
    names = [_name(context, group) for group in ends]
    pairs = Pairs.between(context, *(np.stack([_rolled(group, place) for place in range(PATHS)]) for group in ends))
    carried = pairs.along_beta_and_component()
    metrics = {
        "distance": float(distances.max()),
        "median_distance": float(np.median(distances[np.triu_indices(len(distances), 1)])),
        "change_along_beta": float(np.abs(carried[:, -1] - carried[:, 0]).mean()),
    }
    title = f"From {names[0]} to {names[1]}"
    z, noise = "z, from one image to the other", "images, each with its d and noise"
    figures = {
        "between": pictures.image_grid(pairs.grid(0), title, ALONG, z, "beta"),
        "carried": pictures.image_grid(carried.swapaxes(0, 1), title, ALONG, noise, "beta"),
        "path": _map(context, codes.beta_mean, pairs.betas[:, 0], (first, second), names),
    }
    return Report(metrics, figures, _table(metrics, names, len(members)))


def _table(metrics: dict[str, float], names: list[str], groups: int) -> str:
    return "\n".join(
        [
            f"{names[0]} -> {names[1]}, among {groups} groups without labels to compare with",
            "",
            f"symmetric KL of their q(beta)          {metrics['distance']:.1f} nats",
            f"median over all pairs of the groups    {metrics['median_distance']:.1f} nats",
            f"mean absolute change of a pixel        {metrics['change_along_beta']:.3f} of [0, 1] along beta",
        ]
    )


def _named(context: Context, random: np.random.Generator) -> np.ndarray:
    """The two groups of `between`, values of the group label: members [2, B]."""
    if context.group_label is None:
        raise UserError("`between` names two groups, and these images have none: leave it out, or give `group_by`.")
    values = context.held_out.group_label(context.group_label).astype(str)
    names = (context.request.between or "").split(",")
    if len(names) != 2 or not set(names) <= set(values):
        raise UserError(
            f"`between` needs two values of {context.group_label}, such as {','.join(np.unique(values)[:2])}."
        )
    drawn = [random.permutation(np.flatnonzero(values == name))[: context.largest] for name in names]
    return np.stack([np.pad(each, (0, context.largest - len(each)), constant_values=-1) for each in drawn])


def _name(context: Context, group: np.ndarray) -> str:
    if context.group_label is None:
        return f"the random group of image {group[0]}"
    return str(context.held_out.group_label(context.group_label)[group[0]])


def _rolled(group: np.ndarray, place: int) -> np.ndarray:
    """The same group with another image first; padding stays at the end."""
    present = group[group >= 0]
    return np.concatenate([np.roll(present, -place), group[group < 0]])


def _map(context: Context, betas: np.ndarray, way: np.ndarray, ends: tuple[int, int], names: list[str]) -> Figure:
    points = tsne(np.concatenate([betas, way]), context.request.seed)
    categories = np.full(len(betas), "random", dtype="<U64")
    for place, name in zip(ends, names, strict=True):
        categories[place] = name[:64]
    title = "t-SNE of q(beta)'s means of groups, and the path"
    return charts.scatter(points[: len(betas)], categories, title, [points[len(betas) :]])
