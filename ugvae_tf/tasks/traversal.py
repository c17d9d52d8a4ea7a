"""Traversal: effect of beta and z on the images of each component (paper figure 3)."""

import numpy as np
from matplotlib.figure import Figure
from tqdm import tqdm

from ugvae_tf.evaluation import interpolation
from ugvae_tf.plots import pictures
from ugvae_tf.tasks.context import Context, Report

ROWS = COLUMNS = 7


def report(context: Context) -> Report:
    """A grid of decoded images for every component d: beta changes over rows, z over columns."""
    context.require("has_beta", "beta, which this task moves")
    grids = component_grids(context)
    which = "all dimensions" if context.request.dimension is None else f"dimension {context.request.dimension}"
    figures: dict[str, Figure] = {
        "all": pictures.grid_of_grids(grids, f"Rows: beta, -1 to 1 deviations of p(beta) ({which}); columns: z")
    }
    for component, grid in enumerate(grids):
        figures[f"component-{component}"] = pictures.image_grid(
            grid,
            f"Component d = {component}" if len(grids) > 1 else "One component",
            [f"{value:+.2f}" for value in np.linspace(-1, 1, ROWS)],
            "z from mu_d(beta) - 3 to mu_d(beta) + 3",
            row_title=f"beta, deviations of p(beta) ({which})",
        )
    # Mean absolute change of a pixel in [0, 1] from one end of each axis to the other.
    metrics = {
        "change_along_beta": float(np.abs(grids[:, -1] - grids[:, 0]).mean()),
        "change_along_z": float(np.abs(grids[:, :, -1] - grids[:, :, 0]).mean()),
    }
    lines = ["Mean absolute change of a pixel from one end of a grid to the other", ""]
    lines += [f"along beta {metrics['change_along_beta']:.3f}", f"along z    {metrics['change_along_z']:.3f}"]
    return Report(metrics, figures, "\n".join(lines))


def component_grids(context: Context) -> np.ndarray:
    """The decoded images [K, ROWS, COLUMNS, H, W, C]."""
    global_size = context.model.settings.model.global_size
    p_beta = context.model.global_prior(ROWS)
    deviations = interpolation.traversal_betas(global_size, ROWS, context.request.dimension).astype(np.float32)
    betas = p_beta["beta_mean"] + deviations * p_beta["beta_stddev"]
    means = context.model.prior(betas)["z_mean"]  # [ROWS, K, L]
    grids = []
    for component in tqdm(range(means.shape[1]), desc="components", leave=False):
        z = np.stack([interpolation.traversal_zs(mean, COLUMNS) for mean in means[:, component]])  # [ROWS, COLUMNS, L]
        grids.append(context.model.decode(z, betas)["image_mean"])
    return np.stack(grids)
