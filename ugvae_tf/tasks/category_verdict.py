"""What the accuracies of batch classification show, in sentences that stand above them."""

from ugvae_tf.evaluation.floors import FLOORS
from ugvae_tf.evaluation.spread import ENOUGH
from ugvae_tf.tasks.category_accuracy import code_of
from ugvae_tf.tasks.category_groups import MEANINGS

LEVEL = 0.05


def verdict(metrics: dict[str, float], group_size: int) -> list[str]:
    """Whether enough images carry the accuracies, whether shuffled labels reach them, whether floors do.

    With images for fewer than ENOUGH disjoint groups of the rarest category, every group of it shares most of its
    images with the others, and their number says nothing about other images.
    """
    code = code_of(metrics)
    return [_carried(metrics, group_size), _chance(metrics, code), _floor(metrics, code)]


def _carried(metrics: dict[str, float], group_size: int) -> str:
    images, groups = int(metrics["images_of_rarest_category"]), int(metrics["disjoint_groups"])
    found = f"{images} held-out images of the rarest category fill {groups} disjoint groups of {group_size}"
    if groups < ENOUGH:
        return f"TOO FEW IMAGES: {found}; read the p-value, not the accuracies."
    return f"Enough images: {found}."


def _chance(metrics: dict[str, float], code: str) -> str:
    p, low, high = (metrics[f"{code}_{name}"] for name in ("permutation_p", "shuffled_low", "shuffled_high"))
    found = (
        f"{MEANINGS[code]}: with labels shuffled over the images the accuracy is {low:.2f} to {high:.2f} (p = {p:.2f})"
    )
    return f"{found}; {'above chance' if p <= LEVEL else 'not shown to be above chance'}."


def _floor(metrics: dict[str, float], code: str) -> str:
    name = "{}_rbf_test_accuracy_with_random_mean"
    best = max(FLOORS, key=lambda floor: metrics[name.format(floor)])
    value, low, high = (metrics[f"over_floor_rbf_with_random{end}"] for end in ("", "_low", "_high"))
    found = f"{MEANINGS[code]} minus the best floor ({FLOORS[best]}): {value:+.3f} ({low:+.3f} to {high:+.3f})"
    shown = "more than the floor" if low > 0 else "less than the floor" if high < 0 else "no difference shown"
    return f"{found}, RBF with random groups; {shown}."
