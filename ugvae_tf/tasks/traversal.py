"""Traversal: effect of beta and z on the images of each component (paper figure 3)."""

from collections.abc import Iterator

import numpy as np
from matplotlib.figure import Figure
from tqdm import tqdm

from ugvae_tf.errors import UserError
from ugvae_tf.evaluation.interpolation import check_dimension
from ugvae_tf.plots import pictures
from ugvae_tf.tasks.context import Context, Report
from ugvae_tf.tasks.directions import COLUMNS, ROWS, DataDirections, Directions, PaperDirections
from ugvae_tf.tasks.path_pictures import change

MOST_SHOWN = 20  # components in the overview
SHARE = "In brackets: the share of the held-out images whose most probable d it is."
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
    if not used:
        raise UserError(
            f"No component has {LEAST_IMAGES} of the {counts.sum()} held-out images: give a `dataset` with more."
        )
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
    return {"all": _overview(directions, grids, used, shares)} | {
        f"component-{d}": _component(directions, grid, d, shares) for d, grid in zip(used, grids, strict=True)
    }


def _overview(directions: Directions, grids: np.ndarray, used: list[int], shares: np.ndarray) -> Figure:
    """The middle column and the middle row of the grids of the most frequent components, side by side."""
    along_beta, along_z = grids[:MOST_SHOWN, :, COLUMNS // 2], grids[:MOST_SHOWN, ROWS // 2]
    names = [f"d = {d}  ({shares[d]:.1%})" for d in used[:MOST_SHOWN]] if len(shares) > 1 else ["one component"]
    part = "the" if len(names) == len(used) else f"{len(names)} of the"
    which = f"{part} {len(used)} components in use" if len(shares) > 1 else "the images"
    return pictures.image_grid(
        np.concatenate([along_beta, along_z], axis=1),
        f"What beta and z change in {which}",
        names,
        caption=f"Left: beta moves {directions.beta_title}: {change(along_beta, 1)}. "
        f"Right: z moves {directions.z_title}: {change(along_z, 1)}. {SHARE}",
        column_labels=_steps("beta", directions.beta_reach) + _steps("z", directions.z_extent),
        column_blocks=[ROWS],
    )


def _component(directions: Directions, grid: np.ndarray, d: int, shares: np.ndarray) -> Figure:
    of_component = f" in component d = {d}, {shares[d]:.1%} of the held-out images" if len(shares) > 1 else ""
    return pictures.image_grid(
        grid,
        f"What beta and z change{of_component}",
        _steps("beta", directions.beta_reach),
        caption=f"Down: beta moves {directions.beta_title}: {change(grid, 0)}. "
        f"Across: z moves {directions.z_title}: {change(grid, 1)}.",
        column_labels=_steps("z", directions.z_reach(d)),
    )


def _steps(name: str, reach: float) -> list[str]:
    """Labels of the steps of a path: its two ends and its middle."""
    labels = [""] * ROWS
    labels[0], labels[ROWS // 2], labels[-1] = f"{name} {-reach:+.2g}", "0", f"{name} {reach:+.2g}"
    return labels


def _table(metrics: dict[str, float], directions: Directions, used: list[int], shares: np.ndarray) -> str:
    lines = ["Mean absolute change of a pixel from one end of a grid to the other", ""]
    lines += [f"along beta {metrics['change_along_beta']:.3f}   ({directions.beta_title})"]
    lines += [f"along z    {metrics['change_along_z']:.3f}   ({directions.z_title})", ""]
    most = ", ".join(f"{d} ({shares[d]:.1%})" for d in used[:8])
    lines.append(f"{len(used)} of {len(shares)} components are used, most of all {most}")
    return "\n".join(lines)
