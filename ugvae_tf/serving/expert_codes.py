"""What single images contribute to the code of their group: experts, and q(z) or q(d)."""

from dataclasses import dataclass

import numpy as np

from ugvae_tf.codes import Arrays
from ugvae_tf.serving.served_model import ServedModel

PIXELS_PER_CALL = 2**23  # 32 MB of float32 pixels
MOST_PER_CALL = 8192
LEAST_PER_CALL = 64


@dataclass(frozen=True)
class ExpertCodes:
    """Of n images, whatever their groups are."""

    precision: np.ndarray  # [n, M] of each image's expert of q(beta); M is 0 in a model without beta
    precision_mean: np.ndarray  # [n, M]
    z_mean: np.ndarray  # [n, L]
    z_stddev: np.ndarray  # [n, L]
    component_probs: np.ndarray | None  # [n, K]; None: q(d) is optimal, a function of the group's beta too


def images_per_chunk(image_shape: tuple[int, int, int]) -> int:
    """Images in a chunk: enough for speed, few enough for memory."""
    return int(np.clip(PIXELS_PER_CALL // np.prod(image_shape), LEAST_PER_CALL, MOST_PER_CALL))


def is_optimal(model: ServedModel) -> bool:
    """Whether q(d) of an image is a function of its group's beta."""
    return model.settings.model.component_posterior == "optimal"


def expert_codes(model: ServedModel, images: np.ndarray) -> ExpertCodes:
    """Of images [n, H, W, C], uint8 or floats in [0, 1].

    With a network for q(d) one pass of `serving_default` over groups of one image gives all, unless p(beta) is a
    factor of q(beta). An optimal q(d) would evaluate the K networks of p(z | d, beta) for every such group: `experts`
    and `serving_default` over one group give experts and q(z) without them.
    """
    if is_optimal(model):
        q_z = _as_one_group(model, images)
        return ExpertCodes(**_experts(model, images), **q_z, component_probs=None)
    codes = model.encode(images[:, np.newaxis])
    q = {"z_mean": codes.z_mean[:, 0], "z_stddev": codes.z_stddev[:, 0], "component_probs": codes.component_probs[:, 0]}
    if model.settings.model.prior_expert:
        return ExpertCodes(**_experts(model, images), **q)
    precision = codes.beta_stddev**-2
    return ExpertCodes(precision, precision * codes.beta_mean, **q)


def _experts(model: ServedModel, images: np.ndarray) -> Arrays:
    """Natural parameters [n, M]; none in a model without beta."""
    if not model.settings.model.has_beta:
        return {name: np.zeros([len(images), 0], np.float32) for name in ("precision", "precision_mean")}
    return {name: values[:, 0] for name, values in model.experts(images[:, np.newaxis]).items()}


def _as_one_group(model: ServedModel, images: np.ndarray) -> Arrays:
    """q(z) of images, [n, L]: it does not depend on the group."""
    size = model.images_per_call
    parts = [model.encode(images[np.newaxis, start : start + size]) for start in range(0, len(images), size)]
    return {name: np.concatenate([getattr(part, name)[0] for part in parts]) for name in ("z_mean", "z_stddev")}
