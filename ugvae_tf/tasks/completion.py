"""Completion: prediction of the images of a group that are not given, by content (paper eq. 3)."""

import numpy as np
from matplotlib.figure import Figure

from ugvae_tf.evaluation import sampling
from ugvae_tf.evaluation.bootstrap import with_interval
from ugvae_tf.evaluation.clustering import many_to_one_accuracy, matched_accuracy
from ugvae_tf.evaluation.completion import NEAREST, TrainingGroups, squared_error
from ugvae_tf.plots import pictures
from ugvae_tf.serving.codes import group_codes
from ugvae_tf.tasks.completion_figures import error_curves
from ugvae_tf.tasks.contents import Contents, contents_of, group_values
from ugvae_tf.tasks.context import Context, Report

GROUPS = 500  # default of `groups`: held-out groups
COUNTS = {"1": 1, "3": 3, "5": 5, "10": 10, "half": None}  # given images
SHOWN, COLUMNS, ROWS = 3, 16, 4  # groups in the figure, and its images of each
SHOWN_COUNT = 5  # given images in the figure
METHODS = {
    "model": "the model: z = mu_d(beta)",
    "average_beta": "the model with the average beta",
    "mean_image": "mean training image of the content",
    "nearest": "nearest training group",
    "ten_nearest": f"mean of the {NEAREST} nearest training groups",
    "reconstruction": "reconstruction (all images given)",
}


def report(context: Context) -> Report:
    """Squared error of the images that are not given, for several numbers of given images, and of floors.

    beta is the mean of q(beta) of the given images. An image is predicted from its content: z = mu_d(beta), with d the
    most frequent component of the content in training images. The floors also use the contents.
    """
    for part, meaning in (("has_beta", "beta"), ("has_mixture", "mixture")):
        context.require(part, f"{meaning}, from which this task draws images")
    contents, random = contents_of(context), context.generator()
    groups = _groups(context, random)
    metrics = _purity(contents)
    measured = _Measured(context, contents)
    for name in COUNTS:
        errors = [measured.errors(group, _given(group, name)) for group in groups if _given(group, name) < len(group)]
        for method in METHODS if errors else ():
            values = np.array([error[method] for error in errors])
            metrics |= with_interval(f"squared_error_{name}_{method}", values, random)
    half = float(np.median([len(group) // 2 for group in groups]))
    counts = {name: COUNTS[name] or half for name in _present(metrics)}
    figures = {"completion": _picture(measured, groups), "error": error_curves(metrics, counts, METHODS)}
    return Report(metrics, figures, _table(metrics, context, contents, len(groups)))


def _groups(context: Context, random: np.random.Generator) -> list[np.ndarray]:
    """Held-out groups, each in random order."""
    values = group_values(context, context.held_out)
    size = np.unique(values, return_counts=True)[1].max()
    members = sampling.label_members(values, context.request.groups or GROUPS, size, random, least=2)
    return [group[group >= 0] for group in members]


def _given(group: np.ndarray, name: str) -> int:
    return COUNTS[name] or len(group) // 2


def _purity(contents: Contents) -> dict[str, float]:
    """Agreement of components with contents on held-out images."""
    labels, found = contents.held_out, contents.held_out_components
    return {
        "components_one_to_one": matched_accuracy(labels, found),
        "components_many_to_one": many_to_one_accuracy(labels, found),
    }


class _Measured:
    """The model, the floors, and the held-out images that both predict."""

    def __init__(self, context: Context, contents: Contents) -> None:
        self.context, self.contents = context, contents
        train, held_out = context.train, context.held_out
        self.floors = TrainingGroups.of(train.images, group_values(context, train), contents.train)
        self.names = group_values(context, held_out)
        self.pixels = held_out.images.reshape(len(held_out), -1) / np.float32(255)
        self.distances = self.floors.distances(self.pixels, contents.held_out)  # [N, training groups]
        self.average = self._of_beta(contents.average_beta)

    def drawn(self, given: np.ndarray) -> np.ndarray:
        """Every content, drawn from beta of the given images [n]: [V, pixels]."""
        return self._of_beta(group_codes(self.context.held_out_codes, given[np.newaxis]).beta_mean[0])

    def _of_beta(self, beta: np.ndarray) -> np.ndarray:
        beta = beta[np.newaxis].astype(np.float32)
        z = self.context.model.prior(beta)["z_mean"][:, self.contents.component]  # [1, V, L]
        return self.context.model.decode(z, beta)["image_mean"].reshape(z.shape[1], -1)

    def errors(self, group: np.ndarray, count: int) -> dict[str, float]:
        """Squared error of each of the METHODS on the images after the first `count`, which are given."""
        given, rest = group[:count], group[count:]
        contents, true = self.contents.held_out[rest], self.pixels[rest]
        near = self.distances[given]
        codes = self.context.model.encode(self.context.held_out.images[group])
        rebuilt = self.context.model.decode(codes.z_mean[:, count:], codes.beta_mean)["image_mean"]
        drawn = {
            "model": self.drawn(given)[contents],
            "average_beta": self.average[contents],
            "mean_image": self.floors.of_content[contents],
            "nearest": self.floors.mean_of_nearest(near, contents, 1),
            "ten_nearest": self.floors.mean_of_nearest(near, contents, NEAREST),
            "reconstruction": rebuilt.reshape(true.shape),
        }
        return {method: squared_error(images, true) for method, images in drawn.items()}


def _picture(measured: _Measured, groups: list[np.ndarray]) -> Figure:
    """Groups in order of content: true images, the given ones framed, each above the drawn one."""
    rows, frames, labels = [], [], []
    shape = measured.context.model.image_shape
    for group in groups[:SHOWN]:
        count = min(SHOWN_COUNT, len(group) // 2)
        shown = group[: COLUMNS * ROWS]
        shown = shown[np.argsort(measured.contents.held_out[shown], kind="stable")]
        drawn = measured.drawn(group[:count])[measured.contents.held_out[shown]]
        for part in np.array_split(np.arange(len(shown)), -(-len(shown) // COLUMNS)):
            rows += [images[part].reshape(-1, *shape) for images in (measured.pixels[shown], drawn)]
            frames += [np.isin(shown[part], group[:count]), np.zeros(len(part), bool)]
            labels += [str(measured.names[group[0]]), "drawn"]
    framed = np.stack([np.pad(frame, (0, max(map(len, frames)) - len(frame))) for frame in frames])
    return pictures.image_grid(
        pictures.rows_of(rows, COLUMNS),
        "Held-out groups, and their images drawn from the few that are framed",
        labels,
        framed=framed,
        caption="beta is the code of the framed images alone. Below each true image is the one that the model draws "
        f"from this beta and the component d of its content ({measured.contents.name}), without the image itself.",
        row_blocks=range(0, len(rows), 2),
    )


def _present(metrics: dict[str, float]) -> list[str]:
    return [name for name in COUNTS if f"squared_error_{name}_model" in metrics]


def _table(metrics: dict[str, float], context: Context, contents: Contents, groups: int) -> str:
    names = _present(metrics)
    lines = [
        f"Squared error per pixel of the images not given, mean over {groups} held-out groups by {context.group_label}",
        f"(95 % intervals); contents are values of {contents.name}",
        "",
        f"{'given images':42}" + "".join(f"{name:>24}" for name in names),
    ]
    for method, meaning in METHODS.items():
        cells = [[metrics[f"squared_error_{name}_{method}{end}"] for end in ("", "_low", "_high")] for name in names]
        lines.append(f"{meaning:42}" + "".join(f"{f'{v:.4f} ({low:.4f}-{high:.4f})':>24}" for v, low, high in cells))
    lines += [
        "",
        f"Each content is drawn by the component that most of its training images fall in: {len(contents.values)} "
        f"contents, {len(set(contents.component))} components.",
        f"Held-out images in the component of their content: one to one {metrics['components_one_to_one']:.3f}, "
        f"many to one {metrics['components_many_to_one']:.3f}",
        "The floors (mean image, nearest groups) get the contents of the given images and of the others.",
    ]
    return "\n".join(lines)
