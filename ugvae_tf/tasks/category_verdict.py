"""What the accuracies of batch classification show, in sentences that stand above them."""

from ugvae_tf.evaluation.floors import FLOORS
from ugvae_tf.evaluation.spread import ENOUGH, disjoint_groups
from ugvae_tf.tasks.category_accuracy import SHUFFLED_GROUPS, code_of
from ugvae_tf.tasks.category_groups import MEANINGS

LEVEL = 0.05


def verdict(metrics: dict[str, float], group_size: int) -> list[str]:
    """Whether enough images carry the accuracies, whether shuffled labels reach them, whether floors do."""
    code, images = code_of(metrics), int(metrics["images_of_rarest_category"])
    return [carried(images, group_size, " of the rarest category"), _chance(metrics, code), _floor(metrics, code)]


def carried(images: int, group_size: int, whose: str = "") -> str:
    """Whether the images, of which measures over groups are, fill ENOUGH disjoint groups.

    If not, every group shares most of its images with the others, and their number is no evidence about other images.
    """
    groups = disjoint_groups(images, group_size)
    found = f"{images} held-out images{whose} fill {groups} disjoint groups of {group_size}"
    if groups < ENOUGH:
        return f"TOO FEW IMAGES: {found}; read p-values and intervals, not the figures themselves."
    return f"Enough images: {found}."


def _chance(metrics: dict[str, float], code: str) -> str:
    names = ("permutation_p", "observed", "shuffled_low", "shuffled_high")
    p, observed, low, high = (metrics[f"{code}_{name}"] for name in names)
    found = (
        f"{MEANINGS[code]}, linear SVM on {SHUFFLED_GROUPS} groups a category: accuracy {observed:.2f}, with labels "
        f"shuffled over the images {low:.2f} to {high:.2f} (p = {p:.2f})"
    )
    return f"{found}; {'above chance' if p <= LEVEL else 'not shown to be above chance'}."


def _floor(metrics: dict[str, float], code: str) -> str:
    name = "{}_rbf_test_accuracy_with_random_mean"
    best = max(FLOORS, key=lambda floor: metrics[name.format(floor)])
    value, low, high = (metrics[f"over_floor_rbf_with_random{end}"] for end in ("", "_low", "_high"))
    found = f"{MEANINGS[code]} minus the best floor ({FLOORS[best]}): {value:+.3f} ({low:+.3f} to {high:+.3f})"
    shown = "more than the floor" if low > 0 else "less than the floor" if high < 0 else "no difference shown"
    return f"{found}, RBF with random groups; {shown}."
