"""The verdicts of the tasks that look at images: decoded, predicted or generated ones."""

from ugvae_tf.reporting.verdict import Interval, Verdict, compared, without_floor
from ugvae_tf.tasks.results import Result

GREY_LEVELS = 255
BY_LABEL = "by_label"  # the draw of groups that exist


def traversal(result: Result) -> list[Verdict]:
    """No floor: a picture of the decoder."""
    metrics = result.metrics
    return without_floor(
        f"From end to end of its axis beta changes a pixel by {metrics['change_along_beta']:.3f} of the range of grey, "
        f"z by {metrics['change_along_z']:.3f}. The task has no floor: it shows the decoder and proves nothing."
    )


def embedding(result: Result) -> list[Verdict]:
    """No floor: a map."""
    return without_floor("A map has no floor and no interval: batch-classification and retrieval measure the codes.")


def reconstruction(result: Result) -> list[Verdict]:
    """No floor: an error."""
    error = result.metrics["mean_squared_error"]
    return without_floor(
        f"Mean squared error {error:.4f}: a pixel is off by {GREY_LEVELS * error**0.5:.0f} of {GREY_LEVELS} grey "
        "levels (root of the mean square). The task has no floor: compare models on the same images."
    )


def likelihood(result: Result) -> list[Verdict]:
    """No floor: bounds."""
    metrics = result.metrics
    most = max((name for name in metrics if name[:3] == "iw_" and name[3:].isdecimal()), key=lambda name: int(name[3:]))
    return without_floor(
        f"The bound is {metrics['elbo']:.2f} nats per image; {most[3:]} samples of z raise it by "
        f"{metrics[most] - metrics['elbo']:.2f}. The task has no floor: compare models on the same images."
    )


def interpolation(result: Result) -> list[Verdict]:
    """The change along beta between two categories, and within one; without labels no floor."""
    metrics = result.metrics
    if "change_along_beta_within" not in metrics:
        return without_floor(
            f"Along beta a pixel changes by {metrics['change_along_beta']:.3f} of the range of grey. "
            "Without categories of images the task has no floor."
        )
    own, within = (Interval.of(metrics, f"change_along_{path}") for path in ("beta_and_component", "beta_within"))
    what = "Change of the classifier's probability along beta, z with its component"
    return [compared(what, own, "a path within one category", within)]


def generate(result: Result) -> list[Verdict]:
    """R2 of generated label histograms, whose floor is 0; the recognised shares beside those of real images."""
    metrics = result.metrics
    draws = [name for name in metrics if name.startswith("histogram_r2_") and f"{name}_low" in metrics]
    found = [
        compared(
            f"R2 of generated label histograms ({name.removeprefix('histogram_r2_').replace('_', ' ')})",
            Interval.of(metrics, name),
            "the mean histogram for every group",
            Interval.exact(0.0),
        )
        for name in draws
    ]
    shares = {name: Interval.of(metrics, f"recognised_{name}") for name in ("posterior", "prior", "real")}
    told = (
        f"A classifier recognises {shares['posterior']} of the images generated from the beta of a group and "
        f"{shares['prior']} of those from p(beta); the ceiling, real images: {shares['real']}."
    )
    return [*found, Verdict("none", told)]


def completion(result: Result) -> list[Verdict]:
    """The error at the most given images, of the model and of the floors."""
    metrics, floors = result.metrics, {"mean_image": "the mean image", "nearest": "the nearest training group"}
    floors |= {"ten_nearest": "the mean of the ten nearest training groups"}
    given = next((name for name in ("half", "10", "5", "3", "1") if f"squared_error_{name}_model" in metrics), None)
    if given is None:
        return without_floor("No group has an image that is not given.")
    own = Interval.of(metrics, f"squared_error_{given}_model")
    best = min(floors, key=lambda floor: metrics[f"squared_error_{given}_{floor}"])
    what = f"Squared error per pixel, {given} {'of the images' if given == 'half' else 'images'} given"
    rows = {best: f"{floors[best]}, the best one", "average_beta": "the model with the average beta"}
    return [
        compared(what, own, meaning, Interval.of(metrics, f"squared_error_{given}_{name}"), lower_is_better=True)
        for name, meaning in rows.items()
    ]


def swap(result: Result) -> list[Verdict]:
    """Whether a group is found by images under its beta; the floor is chance."""
    metrics = result.metrics
    own, chance = Interval.of(metrics, "found_swapped"), Interval.exact(metrics["chance_found"])
    content = (
        f"The content is recognised in {metrics['content_swapped']:.3f} of the swapped images; chance "
        f"{metrics['chance_content']:.3f}, real images {metrics['content_real']:.3f}."
    )
    return [
        compared("Groups found by another group's images under their beta", own, "chance", chance),
        Verdict("none", content),
    ]


def prediction(result: Result) -> list[Verdict]:
    """The gain over the average beta at the most images that beta comes from, for every draw of groups.

    Groups by a label come first: of random groups there is little to predict.
    """
    metrics = result.metrics
    found: dict[str, int] = {}
    for name in metrics:
        if name.endswith("_over_mean"):
            draw, count = name.removesuffix("_over_mean").rsplit("_", 1)
            found[draw] = max(found.get(draw, 0), int(count))
    return [
        compared(
            f"Bound given beta of {count} other images minus that given the average beta, nats per image "
            f"({draw.replace('_', ' ')})",
            Interval.of(metrics, f"{draw}_{count}_over_mean"),
            "the average beta",
            Interval.exact(0.0),
        )
        for draw, count in sorted(found.items(), key=lambda each: each[0] != BY_LABEL)
    ]
