"""Signatures of exports, answered by one process of TensorFlow's C++ loader (cpp_loader.py)."""

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
Calls = list[tuple[str, Arrays]]  # signatures by name, each with its inputs
LOADER = Path(__file__).with_name("cpp_loader.py")


class CannotServe(Exception):
    """What the C++ code says of an export that it cannot load or run."""


class Answers(NamedTuple):
    """What a process answered to every call, and how long it took."""

    outputs: list[Arrays]
    seconds: np.ndarray  # [calls, repeat]


def ask(version: Path, calls: Calls, repeat: int = 1) -> Answers:
    """Call signatures of one export; raises CannotServe."""
    [found] = ask_all([(version, calls)], repeat)
    if isinstance(found, CannotServe):
        raise found
    return found


def ask_all(asked: list[tuple[Path, Calls]], repeat: int = 1) -> list[Answers | CannotServe]:
    """Call signatures of many exports in one process."""
    described = [_described(place, version, calls) for place, (version, calls) in enumerate(asked)]
    given = {
        f"{place}/{call}/{key}": array
        for place, (_, calls) in enumerate(asked)
        for call, (_, inputs) in enumerate(calls)
        for key, array in inputs.items()
    }
    found = _run({"library": _library(), "repeat": repeat, "versions": described}, given)
    return [_answers(found, place, version, calls) for place, (version, calls) in enumerate(asked)]


def _described(place: int, version: Path, calls: Calls) -> dict:
    """What the process needs of one export: the names of tensors, beside keys of its files."""
    signatures, described = read_signatures(version), []
    for call, (name, inputs) in enumerate(calls):
        signature = signatures[name]
        fed = {signature.inputs[key].name: f"{place}/{call}/{key}" for key in inputs}
        described.append(
            {"inputs": fed, "outputs": {info.name: f"{call}/{k}" for k, info in signature.outputs.items()}}
        )
    return {"version": str(version), "calls": described}


def _answers(found: Arrays, place: int, version: Path, calls: Calls) -> Answers | CannotServe:
    if f"{place}/status" in found:
        return CannotServe(str(found[f"{place}/status"]))
    signatures = read_signatures(version)
    outputs = [
        {key: found[f"{place}/{call}/{key}"] for key in signatures[name].outputs}
        for call, (name, _) in enumerate(calls)
    ]
    return Answers(outputs, found[f"{place}/seconds"])


def _run(job: dict, given: Arrays) -> Arrays:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "job.json").write_text(json.dumps(job))
        np.savez(Path(folder) / "inputs.npz", **given)
        subprocess.run([sys.executable, LOADER, folder], check=True)
        return dict(np.load(Path(folder) / "outputs.npz"))


def _library() -> str:
    """pip's TensorFlow holds the code that the server is built from."""
    package = importlib.util.find_spec("tensorflow")
    return str(Path(package.origin).with_name("libtensorflow_cc.so.2"))
