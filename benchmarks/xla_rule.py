"""CPU time of a training step with XLA and without it, for the rule of `fitting.xla_pays`.

Run `python benchmarks/xla_rule.py` on an idle machine; the two take turns in every round.
"""

import argparse
import os
from collections.abc import Mapping
from dataclasses import replace

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # as the commands have it

import fit_timing
import numpy as np
from fit_timing import FitTimer

from ugvae_tf.config import Config
from ugvae_tf.config.presets import PRESETS, of_model
from ugvae_tf.training import fitting

OFFICIAL, STEPS = PRESETS["mnist-official"], 20  # steps of one execution


def with_units(config: Config) -> Config:
    """The same configuration with 512 hidden units in place of 256 or 300."""
    return replace(config, model=replace(config.model, hidden_units=512))


MODELS: Mapping[str, Config] = {
    "vae, mlp": of_model(OFFICIAL, "vae"),
    "gm-vae, mlp, K = 10": of_model(OFFICIAL, "gm-vae"),
    "ml-vae, mlp": of_model(OFFICIAL, "ml-vae"),
    "ug-vae, mlp, K = 10": OFFICIAL,
    "vae, gated": PRESETS["mnist-binarised-vae"],
    "gm-vae, gated, K = 500": PRESETS["mnist-binarised-gm-vae"],
    "vae, gated, IWAE of 50 samples": fit_timing.with_iwae(PRESETS["mnist-binarised-vae"], 50),
    "vae, mlp, 512 units": with_units(of_model(OFFICIAL, "vae")),
    "gm-vae, mlp, K = 10, 512 units": with_units(of_model(OFFICIAL, "gm-vae")),
    "ug-vae, mlp, K = 10, 512 units": with_units(OFFICIAL),
    "vae, gated, 512 units": with_units(PRESETS["mnist-binarised-vae"]),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each, alternating")
    parser.add_argument("--seconds", type=float, default=2, help="length of a measurement, about")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    flags = parser.parse_args()
    images = np.random.default_rng(0).integers(256, size=(12800, 28, 28, 1), dtype=np.uint8)
    print(f"{'CPU ms a step; in brackets ms':32}{'without XLA':>18}{'with XLA':>18}")
    for name in flags.models:
        timers = {str(xla): timer(MODELS[name], images, xla) for xla in (False, True)}
        found = fit_timing.alternate(timers, flags.rounds, flags.seconds)
        size = fit_timing.images_per_step(MODELS[name])
        cells = [f"{one.cost * size:.1f} ({1000 * size / one.speed:.1f})" for one in found]
        print(f"{name:32}" + "".join(f"{cell:>18}" for cell in cells), flush=True)


def timer(config: Config, images: np.ndarray, xla: bool) -> FitTimer:
    """Training steps of the configuration."""
    with fitting.make_strategy().scope():
        model = fitting.compiled_model(config, images.shape[1:], STEPS * fitting.LEAST_UPDATES, xla)
    return FitTimer(model, fit_timing.random_steps(config, images), fit_timing.images_per_step(config))


if __name__ == "__main__":
    main()
