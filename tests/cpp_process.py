"""Signatures of an export, answered by a process of TensorFlow's C++ loader (cpp_loader.py)."""

import importlib.util
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ugvae_tf.serving.saved_model import read_signatures

Arrays = dict[str, np.ndarray]
LOADER = Path(__file__).with_name("cpp_loader.py")


class CannotServe(Exception):
    """What the C++ code says of an export that it cannot load or run."""


class Answers(NamedTuple):
    """What a process answered to every call, and how long it took."""

    outputs: list[Arrays]
    seconds: np.ndarray  # [calls, repeat]


def ask(version: Path, calls: list[tuple[str, Arrays]], repeat: int = 1) -> Answers:
    """Ask signatures by name, each with its inputs; raises CannotServe."""
    signatures, described, given = read_signatures(version), [], {}
    for place, (name, inputs) in enumerate(calls):
        signature = signatures[name]
        given |= {f"{place}/{key}": array for key, array in inputs.items()}
        fed = {signature.inputs[key].name: f"{place}/{key}" for key in inputs}
        described.append({"inputs": fed, "outputs": {i.name: f"{place}/{k}" for k, i in signature.outputs.items()}})
    job = {"library": _library(), "version": str(version), "repeat": repeat, "calls": described}
    found = _run(job, given)
    outputs = [
        {key: found[f"{place}/{key}"] for key in signatures[name].outputs} for place, (name, _) in enumerate(calls)
    ]
    return Answers(outputs, found["seconds"])


def _run(job: dict, given: Arrays) -> Arrays:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "job.json").write_text(json.dumps(job))
        np.savez(Path(folder) / "inputs.npz", **given)
        process = subprocess.run([sys.executable, LOADER, folder], capture_output=True, text=True)
        if process.returncode:
            raise CannotServe(process.stderr)
        return dict(np.load(Path(folder) / "outputs.npz"))


def _library() -> str:
    """pip's TensorFlow holds the code that the server is built from."""
    package = importlib.util.find_spec("tensorflow")
    return str(Path(package.origin).with_name("libtensorflow_cc.so.2"))
