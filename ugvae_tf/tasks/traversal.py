"""Traversal: effect of beta and z on the images of each component (paper figure 3)."""

from collections.abc import Iterator

import numpy as np
from matplotlib.figure import Figure
from tqdm import tqdm

from ugvae_tf.evaluation.interpolation import check_dimension
from ugvae_tf.plots import pictures
from ugvae_tf.tasks.context import Context, Report
from ugvae_tf.tasks.directions import ROWS, DataDirections, Directions, PaperDirections

LEAST_IMAGES = 2  # of a used component: fewer have no direction of variation


def report(context: Context) -> Report:
    """A grid of decoded images for every used component d: beta changes over rows, z over columns.

    Components are sorted by the share of held-out images whose most probable d they are.
    """
    context.require("has_beta", "beta, which this task moves")
    check_dimension(context.model.settings.model.global_size, context.request.dimension)
    components = context.held_out_codes.component_probs.argmax(axis=1)
    counts = np.bincount(components, minlength=context.held_out_codes.component_probs.shape[1])
    used = [d for d in np.argsort(-counts, kind="stable") if counts[d] >= LEAST_IMAGES]
    shares = counts / counts.sum()
    is_paper = context.request.directions == "paper"
    directions: Directions = PaperDirections(context) if is_paper else DataDirections(context, components)
    grids = np.stack(list(_grids(context, directions, used)))
    metrics = {
        # Mean absolute change of a pixel in [0, 1] from one end of each axis to the other.
        "change_along_beta": float(np.abs(grids[:, -1] - grids[:, 0]).mean()),
        "change_along_z": float(np.abs(grids[:, :, -1] - grids[:, :, 0]).mean()),
        "components_used": float(len(used)),
        **directions.metrics,
        **{f"component_{d}_share": float(share) for d, share in enumerate(shares)},
    }
    return Report(metrics, _figures(directions, grids, used, shares), _table(metrics, directions, used, shares))


def _grids(context: Context, directions: Directions, used: list[int]) -> Iterator[np.ndarray]:
    """The decoded images of each used component [ROWS, COLUMNS, H, W, C]."""
    means = context.model.prior(directions.betas)["z_mean"]  # [ROWS, K, L]
    for d in tqdm(used, desc="components", leave=False):
        z = directions.zs(means[:, d], d).astype(np.float32)  # [ROWS, COLUMNS, L]
        yield context.model.decode(z, directions.betas)["image_mean"]


def _figures(directions: Directions, grids: np.ndarray, used: list[int], shares: np.ndarray) -> dict[str, Figure]:
    names = [f"d = {d} ({shares[d]:.1%})" for d in used] if len(shares) > 1 else ["one component"]
    title = f"Rows: {directions.beta_title}\nColumns: z {directions.z_title}"
    figures = {"all": pictures.grid_of_grids(grids, title, names)}
    for d, name, grid in zip(used, names, grids, strict=True):
        labels = [f"{value:+.2f}" for value in np.linspace(-directions.beta_reach, directions.beta_reach, ROWS)]
        columns = f"z, {-directions.z_reach(d):+.2f} to {directions.z_reach(d):+.2f}"
        heading = f"{name}. Rows: {directions.beta_title}; columns: z {directions.z_title}"
        figures[f"component-{d}"] = pictures.image_grid(grid, heading, labels, columns, row_title="beta")
    return figures


def _table(metrics: dict[str, float], directions: Directions, used: list[int], shares: np.ndarray) -> str:
    lines = ["Mean absolute change of a pixel from one end of a grid to the other", ""]
    lines += [f"along beta {metrics['change_along_beta']:.3f}   ({directions.beta_title})"]
    lines += [f"along z    {metrics['change_along_z']:.3f}   ({directions.z_title})", ""]
    most = ", ".join(f"{d} ({shares[d]:.1%})" for d in used[:8])
    lines.append(f"{len(used)} of {len(shares)} components are used, most of all {most}")
    return "\n".join(lines)
