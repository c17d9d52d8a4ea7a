"""Floating-point operations of training, and the machine's peak."""

import time
from itertools import pairwise
from statistics import median

import tensorflow as tf

from ugvae_tf.config import Config, ModelConfig
from ugvae_tf.networks.conv import DECODER_MAPS, ENCODER_MAPS, KERNEL

MATRIX_SIZE = 2048


def flop_per_image(config: Config, image_shape: tuple[int, int, int]) -> float:
    """Floating-point operations of the matrix products and convolutions in training, per image.

    The backward pass counts twice the forward pass, as usual; operations per group are divided by the group's images.
    """
    sizes = config.model
    hidden, components, z, beta = sizes.hidden_units, sizes.components, sizes.local_size, sizes.global_size
    expert_heads = 1 if sizes.expert_variance == "shared" else 2
    encoder = hidden * 2 * z + z * hidden + hidden * components
    experts = (hidden + components) * beta * expert_heads
    divergences = 2 * z * components
    per_group = components * (sizes.prior_units or hidden) * (beta + 2 * z) + beta * hidden
    bodies = body_products(sizes, image_shape) + z * hidden
    weights = bodies + encoder + experts + divergences + per_group / config.data.group_size
    return 3 * 2 * weights


def body_products(sizes: ModelConfig, image_shape: tuple[int, int, int]) -> int:
    """Multiplications between pixels and hidden units of one image, in encoder and decoder."""
    height, width, channels = image_shape
    if sizes.body == "mlp":
        return 2 * height * width * channels * sizes.hidden_units
    halvings = zip(range(len(ENCODER_MAPS)), pairwise((channels, *ENCODER_MAPS)), strict=True)
    doublings = zip(range(len(DECODER_MAPS)), pairwise((channels, *reversed(DECODER_MAPS))), strict=True)
    # A kernel is applied at every pixel of the smaller map: a quarter of the pixels after each halving.
    kernels = sum(outer * inner / 4 ** (depth + 1) for depth, (outer, inner) in [*halvings, *doublings])
    smallest = height * width // 4 ** len(ENCODER_MAPS) * (ENCODER_MAPS[-1] + DECODER_MAPS[0])
    return round(height * width * KERNEL**2 * kernels) + smallest * sizes.hidden_units


def peak_flop_per_second(repeats: int = 9) -> float:
    """Speed of the machine's float32 matrix product on all cores, the median of `repeats`."""
    matrix, times = tf.random.normal([MATRIX_SIZE, MATRIX_SIZE]), []
    for _ in range(repeats):
        start = time.perf_counter()
        tf.matmul(matrix, matrix).numpy()
        times.append(time.perf_counter() - start)
    return 2 * MATRIX_SIZE**3 / median(times)
