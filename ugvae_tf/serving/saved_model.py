"""Versions, configuration and signatures of an exported model, read from its folder without TensorFlow."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from google.protobuf.message import DecodeError

from ugvae_tf.errors import UserError
from ugvae_tf.serving import messages

CONFIG = Path("assets.extra", "config.json")  # in the folder of a version
INITIALISATION = "__saved_model_init_op"  # internal signature of TensorFlow


class TensorInfo(NamedTuple):
    """An input or an output of a signature."""

    name: str  # of the tensor in the graph
    dtype: int  # messages.DT_...
    shape: tuple[int | None, ...]  # None for a dynamic size


class Signature(NamedTuple):
    """The inputs and outputs of a signature by name."""

    inputs: dict[str, TensorInfo]
    outputs: dict[str, TensorInfo]


def versions(folder: Path) -> list[int]:
    """The exported versions in a folder, oldest first."""
    return sorted(int(entry.name) for entry in _numbered(folder) if entry.is_dir())


def next_version(folder: Path) -> Path:
    """The folder of the next version to export: a number that nothing in the folder has, not even a file."""
    return folder / str(max((int(entry.name) for entry in _numbered(folder)), default=0) + 1)


def _numbered(folder: Path) -> list[Path]:
    """What the folder holds under the name of a version: a number as Python writes it."""
    if not folder.is_dir():
        return []
    try:
        return [entry for entry in folder.iterdir() if is_number(entry.name)]
    except OSError as error:
        raise UserError(f"{folder} cannot be read ({error.strerror}): see that you may read it.") from error


def is_number(name: str) -> bool:
    """Whether the name is that of a version: 12, but neither 012 nor digits of another script."""
    return name.isascii() and name.isdecimal() and str(int(name)) == name


def newest_version(folder: Path) -> int:
    """The newest version, which a server serves; raises UserError if there is none."""
    if not folder.is_dir():
        raise UserError(
            f"{folder} is no folder of an exported model: train a model, or give a folder such as saved_models/mnist."
        )
    if not (found := versions(folder)):
        raise UserError(f"{folder} holds no exported version: train and export a model with train.py.")
    return found[-1]


def is_version(folder: Path) -> bool:
    """Whether the folder is that of a version, not of a whole model."""
    return (folder / "saved_model.pb").is_file()


def version_folder(address: Path) -> Path:
    """The folder of a version: the address itself if it is one, else the newest one in it.

    Raises:
        UserError: there is none.
    """
    if is_version(address) and is_number(address.name):
        return address
    return address / str(newest_version(address))


def read_config(version: Path) -> dict[str, Any]:
    """The configuration that a version was exported with; raises UserError if it has none."""
    try:
        found = json.loads((version / CONFIG).read_text())
    except (OSError, ValueError, RecursionError) as error:
        raise not_ours(version) from error
    if not isinstance(found, dict):
        raise not_ours(version)
    return found


def weights_size(version: Path) -> int:
    """Bytes of the weights of a version."""
    return sum(file.stat().st_size for file in version.glob("variables/variables.data*"))


def read(version: Path) -> Any:
    """The message `SavedModel` of a version; raises UserError if it is none."""
    try:
        return messages.SavedModel.FromString((version / "saved_model.pb").read_bytes())
    except (OSError, DecodeError) as error:
        raise not_ours(version) from error


def read_signatures(version: Path) -> dict[str, Signature]:
    """The signatures of a version; raises UserError if it is no SavedModel."""
    return {
        entry.key: Signature(_tensors(entry.value.inputs), _tensors(entry.value.outputs))
        for graph in read(version).meta_graphs
        for entry in graph.signature_def
        if entry.key != INITIALISATION
    }


def not_ours(version: Path | str) -> UserError:
    """The error for a folder, or a server's response, that is no export of ugvae_tf."""
    return UserError(f"{version} is not a SavedModel that ugvae_tf exported: train one with train.py.")


def _tensors(infos: Any) -> dict[str, TensorInfo]:
    found = {}
    for info in infos:
        shape = tuple(None if dim.size < 0 else dim.size for dim in info.value.tensor_shape.dim)
        found[info.key] = TensorInfo(info.value.name, info.value.dtype, shape)
    return dict(sorted(found.items()))
