"""Where the time of a training step goes: shares of the operations, by TensorFlow's profiler.

Run `python benchmarks/step_profile.py` on an idle machine. It trains each model of MODELS for some steps without XLA,
which would hide the operations, and sums the time of every operation by what it is for; the input pipeline, which runs
beside the step, is left out. The times are those of the
threads that carry out the operations; the work of one operation on other threads is within its time.
"""

import argparse
import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # as the commands have it

import fit_timing
import numpy as np
import tensorflow as tf
from pythae_speed import our_config
from tensorflow.tsl.profiler.protobuf import xplane_pb2

from ugvae_tf.config import Config
from ugvae_tf.config.presets import PRESETS
from ugvae_tf.training import fitting

OFFICIAL = PRESETS["mnist-official"]
MODELS: Mapping[str, tuple[Config, int]] = {  # the configuration, and groups a step
    "mlp, K = 10, one group": (OFFICIAL, 1),
    "mlp, K = 10, four groups": (OFFICIAL, 4),
    "mlp, K = 1000, one group": (replace(OFFICIAL, model=replace(OFFICIAL.model, components=1000)), 1),
    "conv, K = 20, one group": (PRESETS["celeba"], 1),
    "VAE of pythae, one group": (our_config(1), 1),
    "VAE of pythae, four groups": (our_config(4), 4),
    "mnist-binarised-vae": (PRESETS["mnist-binarised-vae"], 1),
    "IWAE of 50 samples, gated": (fit_timing.with_iwae(PRESETS["mnist-binarised-vae"], 50), 1),
}
PURPOSES = {  # the first one whose part is in the operation's name: the layer, or the kind after the colon
    "optimiser": ("Adam", "adam"),
    "matrix products and convolutions": (":_MklMatMul", ":MatMul", "FusedMatMul", "BatchMatMul", ":_MklEinsum",
                                         ":Einsum", "Conv2D"),
    "likelihood of the pixels": ("decoder/clip", "decoder/Sigmoid", "CONSTRUCTED_AT_decoder"),
    "random numbers": (":Stateless", ":Random"),
}  # fmt: skip
NUMBER = re.compile(r"_\d+(?=/)")  # that Keras adds to the names of layers
REST = "the rest of the encoder, the decoder and the KL terms"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=100, help="that are profiled, after as many others")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--operations", type=int, default=0, help="of every model that are printed by name")
    flags = parser.parse_args()
    for name in flags.models:
        spent = Counter(dict(operations(*MODELS[name], flags.steps)))
        total, purposes = sum(spent.values()), Counter[str]()
        for operation, seconds in spent.items():
            purposes[purpose(operation)] += seconds
        print(f"{name}: {1000 * total / flags.steps:.2f} ms of operations a step")
        for part, seconds in (purposes + Counter()).most_common() + spent.most_common(flags.operations):
            print(f"  {seconds / total:6.1%}  {part}", flush=True)


def purpose(operation: str) -> str:
    """What an operation is for."""
    return next((name for name, parts in PURPOSES.items() if any(part in operation for part in parts)), REST)


def operations(config: Config, groups: int, steps: int) -> Iterator[tuple[str, float]]:
    """Every operation of the training step, as layer:kind, with its seconds in `steps` steps."""
    config = fit_timing.with_groups(config, groups)
    shape = (2560, 64, 64, 3) if config.model.body == "conv" else (12800, 28, 28, 1)
    images = np.random.default_rng(0).integers(256, size=shape, dtype=np.uint8)
    with fitting.make_strategy().scope():
        model = fitting.compiled_model(config, images.shape[1:], steps, xla=False)
    stream = fit_timing.random_steps(config, images)
    model.fit(stream, steps_per_epoch=steps, shuffle=False, verbose=0)
    with tempfile.TemporaryDirectory() as folder:
        with tf.profiler.experimental.Profile(folder):
            model.fit(stream, steps_per_epoch=steps, shuffle=False, verbose=0)
        yield from recorded(next(Path(folder).rglob("*.xplane.pb")))


def recorded(trace: Path) -> Iterator[tuple[str, float]]:
    """The operations of a trace and their seconds, summed by name."""
    space, spent = xplane_pb2.XSpace(), Counter[str]()
    space.ParseFromString(trace.read_bytes())
    for plane in space.planes:
        for event in (event for line in plane.lines for event in line.events):
            name = plane.event_metadata[event.metadata_id].name
            if ":" in name and "/" in name and " " not in name:  # others are functions that call operations
                layer = NUMBER.sub("", name.rpartition("StatefulPartitionedCall/")[2])
                spent[layer] += event.duration_ps / 1e12
    yield from spent.items()


if __name__ == "__main__":
    main()
