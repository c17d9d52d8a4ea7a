"""Generate: images from the codes of groups and from p(beta), compared with real images."""

import numpy as np
from matplotlib.figure import Figure
from sklearn.metrics.cluster import contingency_matrix
from tqdm import tqdm

from ugvae_tf import codes
from ugvae_tf.evaluation import generation, sampling
from ugvae_tf.evaluation.bootstrap import with_interval
from ugvae_tf.evaluation.label_classifier import SURE, LabelClassifier
from ugvae_tf.serving.codes import GroupCodes, group_codes
from ugvae_tf.tasks import generate_figures
from ugvae_tf.tasks.context import Context, Report
from ugvae_tf.tasks.draws import drawn, draws, most
from ugvae_tf.tasks.generate_figures import Images

GROUPS = 100  # default of `groups`: groups of each draw
AGGREGATED = 500  # groups whose q(beta) make the aggregate
SOURCES = {
    "real": "held-out images",
    "reconstruction": "their reconstructions",
    "posterior": "generated from the groups' beta",
    "prior": "generated from beta ~ p(beta)",
}


def report(context: Context) -> Report:
    """Quality of generated images, R2 of their label histograms, and KL(aggregate of q(beta) || p(beta)).

    A group's images come from beta = mean of q(beta), d ~ p(d | beta), z ~ p(z | d, beta) and the mean of
    p(x | z, beta). A classifier of the label, fitted to real training images, classifies them.
    """
    context.require("has_beta", "beta, from which this task generates groups")
    seed, labels = context.request.seed, context.labels(context.held_out)
    classifier = LabelClassifier(context.train.images, context.labels(context.train), seed)
    metrics = {"classifier_accuracy": classifier.accuracy(context.held_out.images, labels)}
    names, figures = draws(context), {}
    for place, (draw, meaning) in enumerate(names.items()):
        if _differ(context, draw):
            found, figures[f"histograms-{draw}"] = _histograms(context, draw, meaning, classifier, place)
            metrics |= found
    main = "by_label" if "by_label" in names else "random"
    members, random = _members(context, main, len(names)), context.generator(len(names) + 1)
    images = _images(context, members, random)
    metrics |= _qualities(context, images, classifier, random) | _aggregate(context, main, random)
    figures["recognised"] = generate_figures.recognised(metrics, SOURCES, context.label_name)
    figures["groups"] = generate_figures.groups(context, members, images)
    figures["prior"] = generate_figures.prior(images["prior"])
    return Report(metrics, figures, _table(metrics, names, context.label_name))


def _members(context: Context, draw: str, stream: int, groups: int | None = None) -> np.ndarray:
    """Groups of held-out images [groups, B], padded."""
    random, groups = context.generator(stream), groups or context.request.groups or GROUPS
    size = min(context.largest, most(context, draw, context.held_out))
    return context.resized(drawn(context, draw, context.held_out, groups, size, random, least=1), random)


def _differ(context: Context, draw: str) -> bool:
    """Whether groups of this draw differ in their label proportions."""
    if draw != "by_label":
        return draw != "random"
    groups, labels = context.held_out.group_label(context.group_label or ""), context.labels(context.held_out)
    counts = contingency_matrix(groups, labels)  # [groups, V]
    shares = counts / counts.sum(axis=1, keepdims=True)
    return bool(np.ptp(shares, axis=0).max() > 0)


def _generated(context: Context, betas: np.ndarray, sizes: np.ndarray, random: np.random.Generator) -> Images:
    model = context.model
    pairs = tqdm(zip(betas, sizes, strict=True), total=len(betas), desc="generating groups", leave=False)
    return [codes.generated(model.prior, model.decode, beta, int(size), random) for beta, size in pairs]


def _codes(context: Context, members: np.ndarray) -> GroupCodes:
    return group_codes(context.held_out_codes, members)


def _histograms(
    context: Context, draw: str, meaning: str, classifier: LabelClassifier, stream: int
) -> tuple[dict[str, float], Figure]:
    """R2 of the generated label histogram, and that of other real images with the group's proportions."""
    members, random = _members(context, draw, stream), context.generator(stream, 1)
    labels, sizes = context.labels(context.held_out), (members >= 0).sum(axis=1)
    given = sampling.histogram(labels, members, classifier.values)
    betas = _codes(context, members).beta_mean
    wanted = [random.choice(labels[group[group >= 0]], size) for group, size in zip(members, sizes, strict=True)]
    others = [context.held_out.images[sampling.members_with_labels(labels, row[None], random)[0]] for row in wanted]
    metrics, name = {}, f"histogram_r2_{draw}"
    read: dict[str, np.ndarray] = {}
    for suffix, images in (("", _generated(context, betas, sizes, random)), ("_real", others)):
        read[suffix] = _read(classifier, images)
        metrics[name + suffix] = generation.histogram_r2(given, read[suffix])
    ends = generation.histogram_r2_interval(given, read[""], random)
    metrics |= {f"{name}_low": ends[0], f"{name}_high": ends[1]}
    values = [str(value) for value in classifier.values]
    return metrics, generate_figures.histograms(given, read[""], values, meaning, context.label_name)


def _read(classifier: LabelClassifier, images: Images) -> np.ndarray:
    """The label histograms of groups, by the labels that the classifier predicts [groups, V]."""
    labels = classifier.labels(np.concatenate(images))
    of_group = np.repeat(np.arange(len(images)), [len(group) for group in images])
    return np.stack([(labels[of_group == place, None] == classifier.values).mean(0) for place in range(len(images))])


def _images(context: Context, members: np.ndarray, random: np.random.Generator) -> dict[str, Images]:
    """Images of an equal number of groups from each of the SOURCES."""
    groups = [group[group >= 0] for group in members]
    betas, sizes = _codes(context, members).beta_mean, np.array([len(group) for group in groups])
    z = context.held_out_codes.z_mean
    p_beta = context.model.global_prior(len(groups))
    new = random.normal(p_beta["beta_mean"], p_beta["beta_stddev"])
    decode = context.model.decode
    return {
        "real": [context.held_out.images[group] / np.float32(255) for group in groups],
        "reconstruction": [
            decode(z[np.newaxis, group], beta[np.newaxis])["image_mean"][0]
            for group, beta in zip(groups, betas, strict=True)
        ],
        "posterior": _generated(context, betas, sizes, random),
        "prior": _generated(context, new, sizes, random),
    }


def _qualities(
    context: Context, images: dict[str, Images], classifier: LabelClassifier, random: np.random.Generator
) -> dict[str, float]:
    """The share of each group that is recognised; the Frechet distance from as many training images."""
    count = sum(len(group) for group in images["real"])
    chosen = random.choice(len(context.train), count, replace=count > len(context.train))
    reference = classifier.features(context.train.images[chosen])
    metrics: dict[str, float] = {}
    for name, groups in images.items():
        shares = np.array([classifier.recognised(group).mean() for group in groups])
        metrics |= with_interval(f"recognised_{name}", shares, random)
        features = classifier.features(np.concatenate(groups))
        metrics[f"frechet_{name}"] = generation.frechet_distance(features, reference)
    return metrics


def _aggregate(context: Context, draw: str, random: np.random.Generator) -> dict[str, float]:
    """KL(aggregate of q(beta) || p(beta)), and the same for as many groups whose aggregate is p(beta)."""
    found = _codes(context, _members(context, draw, 0, AGGREGATED))
    p_beta = context.model.global_prior(1)
    mean, stddev = p_beta["beta_mean"][0], p_beta["beta_stddev"][0]
    spread = np.sqrt((stddev**2 - (found.beta_stddev**2).mean(axis=0)).clip(0))
    floor = random.normal(mean, spread, found.beta_mean.shape)
    return {
        "kl_aggregate": generation.aggregate_kl(found.beta_mean, found.beta_stddev, mean, stddev),
        "kl_aggregate_floor": generation.aggregate_kl(floor, found.beta_stddev, mean, stddev),
    }


def _table(metrics: dict[str, float], names: dict[str, str], label: str) -> str:
    accuracy = metrics["classifier_accuracy"]
    lines = [f"A classifier of '{label}', fitted to training images, has held-out accuracy {accuracy:.3f}", ""]
    lines.append(f"{'':34}{f'recognised (p > {SURE:g})':>26}{'Frechet distance from training images':>40}")
    for name, meaning in SOURCES.items():
        share, low, high = (metrics[f"recognised_{name}{end}"] for end in ("", "_low", "_high"))
        lines.append(f"{meaning:34}{f'{share:.3f} ({low:.3f} to {high:.3f})':>26}{metrics[f'frechet_{name}']:>40.2f}")
    lines += ["", "R2 of the generated label histogram against the group's (0: the mean histogram for every group)", ""]
    lines.append(f"{'':50}{'generated':>24}{'other real images':>20}")
    for draw, meaning in names.items():
        if (name := f"histogram_r2_{draw}") in metrics:
            cell = f"{metrics[name]:.3f} ({metrics[f'{name}_low']:.3f} to {metrics[f'{name}_high']:.3f})"
            lines.append(f"{meaning:50}{cell:>24}{metrics[f'{name}_real']:>20.3f}")
    kl, floor = metrics["kl_aggregate"], metrics["kl_aggregate_floor"]
    lines += [
        "",
        f"KL(aggregate of q(beta) || p(beta)) {kl:.1f} nats a group (as many samples of p(beta): {floor:.1f})",
    ]
    return "\n".join(lines)
