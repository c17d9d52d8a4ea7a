"""The verdicts of the tasks that measure codes, computed from their measures."""

from ugvae_tf.evaluation.floors import FLOORS
from ugvae_tf.evaluation.spread import ENOUGH
from ugvae_tf.reporting.verdict import Interval, Verdict, compared, difference, without_floor
from ugvae_tf.serving.codes import MEANINGS
from ugvae_tf.tasks import category_verdict
from ugvae_tf.tasks.category_accuracy import code_of
from ugvae_tf.tasks.results import Result
from ugvae_tf.tasks.retrieval_groups import CODES

Metrics = dict[str, float]


def batch_classification(result: Result) -> list[Verdict]:
    """The gain over the best floor, the permutation test, and whether there are enough images."""
    metrics, size = result.metrics, result.record["group_size_largest"]
    carried, chance, floor = category_verdict.verdict(metrics, size)
    code = code_of(metrics)
    is_above = metrics[f"{code}_permutation_p"] <= category_verdict.LEVEL
    kind = difference("", Interval.of(metrics, "over_floor_rbf_with_random")).kind
    found = [Verdict(kind, floor), Verdict("better" if is_above else "open", chance)]
    return found if metrics["disjoint_groups"] >= ENOUGH else [*found, Verdict("few", carried)]


def composition(result: Result) -> list[Verdict]:
    """R2 of the code minus that of the best floor, for both draws of groups."""
    metrics = result.metrics
    code = next(meaning for name, meaning in MEANINGS.items() if f"random_{name}_r2_mean" in metrics)
    draws = {"random": "random groups", "skewed": "groups with Dirichlet proportions"}
    found = [
        difference(
            f"R2 of the {code} minus that of the best floor, {meaning}", Interval.of(metrics, f"{draw}_over_floor")
        )
        for draw, meaning in draws.items()
    ]
    groups = metrics["disjoint_groups"]
    few = Verdict("few", f"Too few images: they fill {groups:.0f} groups without a common image.")
    return found if groups >= ENOUGH else [*found, few]


def anatomy(result: Result) -> list[Verdict]:
    """The lower bound of the information of each latent variable; the floor is a code without information."""
    metrics, owners = result.metrics, {"beta": "beta about a group", "z": "z about an image"}
    found = []
    for name in (name for name in owners if f"{name}_kl" in metrics):
        limit = f"(at most {metrics[f'{name}_information_limit']:.3f} with so many posteriors)"
        own = Interval.of(metrics, f"{name}_information_lower_bound")
        what = f"Information of {owners[name]}, lower bound in nats {limit}"
        found.append(compared(what, own, "a code without information", Interval.exact(0.0)))
    return found


def clustering(result: Result) -> list[Verdict]:
    """Agreement of components with labels, of shuffled clusters, and of k-means on pixels."""
    metrics = result.metrics
    if "component_matched_accuracy" not in metrics:
        used = f"{metrics['components_in_use']:.1f} components are in use."
        return without_floor(f"{used} Without a label to compare with, the task has no floor.")
    floors = {"kmeans_pixels": "k-means on pixels", "shuffled": "shuffled clusters"}
    own, what = (
        Interval.of(metrics, "component_matched_accuracy"),
        "Share of images in the cluster of their label, one to one",
    )
    return [compared(what, own, floors[name], Interval.of(metrics, f"{name}_matched_accuracy")) for name in floors]


def retrieval(result: Result) -> list[Verdict]:
    """Recall at 1 of the code and of the best floor, by the same metric.

    With 3 images, if the groups have as many: with more of them many models find every group.
    """
    metrics, ending = result.metrics, "_chance"
    prefixes = [name.removesuffix(ending) for name in metrics if name.endswith(ending)]
    shown = next(
        count for count in ("3", "1", "10", "half") if any(prefix.endswith(f"_{count}") for prefix in prefixes)
    )
    return [_recall(metrics, prefix) for prefix in prefixes if prefix.endswith(f"_{shown}")]


def _recall(metrics: Metrics, prefix: str) -> Verdict:
    code = next(row for row in CODES if f"{prefix}_{row}_cosine_recall_at_1" in metrics)
    metric = "plda" if f"{prefix}_{code}_plda_recall_at_1" in metrics else "cosine"
    names = {row: f"{prefix}_{row}_{metric}_recall_at_1" for row in (code, *FLOORS)}
    best = max((row for row in FLOORS if names[row] in metrics), key=lambda row: metrics[names[row]])
    protocol, count = prefix.rsplit("_", 1)
    how = {"any": "", "same": ", the same contents for all groups", "own": ", other contents for each group"}[protocol]
    what = (
        f"Recall at 1 of the {CODES[code]} with {f'{count} images' if count != 'half' else 'half of a group'}{how}, by "
        f"{metric}; chance is {metrics[f'{prefix}_chance']:.3f}"
    )
    return compared(
        what, Interval.of(metrics, names[code]), f"{FLOORS[best]}, the best one", Interval.of(metrics, names[best])
    )
