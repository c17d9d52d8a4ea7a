"""Precision of training: what the machine must have for it. Without TensorFlow."""

import re
from pathlib import Path
from typing import Literal, get_args

from ugvae_tf.errors import UserError

Precision = Literal["float32", "bfloat16"]
CPU = Path("/proc/cpuinfo")
GPUS = (Path("/dev/nvidia0"), Path("/dev/kfd"))  # NVIDIA's, AMD's
INSTRUCTIONS = ("avx512_bf16", "amx_bf16")


def check_precision(precision: str) -> None:
    """Raise UserError for an unknown precision, or one that this machine is slow in.

    Without instructions for it a processor emulates bfloat16 and is far slower than in float32 (docs/speed.md).
    """
    if precision not in get_args(Precision):
        raise UserError(f"`precision` must be one of {', '.join(get_args(Precision))}, not {precision}.")
    if precision == "bfloat16" and not (_has_instructions() or any(device.exists() for device in GPUS)):
        raise UserError(
            "`precision=bfloat16` needs a processor with avx512_bf16 or AMX, or a GPU, and is far slower than float32 "
            "on this machine: train in `precision=float32`."
        )


def _has_instructions() -> bool:
    """Whether the first processor lists one of INSTRUCTIONS; False where the system has no such list."""
    try:
        with CPU.open() as lines:
            flags = next((line for line in lines if line.startswith("flags")), "")
    except OSError:
        return False
    return bool(set(re.split(r"\s+", flags)) & set(INSTRUCTIONS))
