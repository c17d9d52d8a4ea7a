"""What an exported model is: `python -m ugvae_tf.inspect saved_models/mnist`."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from ugvae_tf import messages, saved_model
from ugvae_tf.saved_model import Signature, TensorInfo
from ugvae_tf.terminal import errors_for_people

DTYPES = {messages.DT_FLOAT: "", messages.DT_INT32: " int32", messages.DT_STRING: " string"}  # float32 goes unsaid


@dataclass(frozen=True)
class InspectionRequest:
    """Print what an exported model is: model, data set, sizes, versions, signatures with shapes."""

    saved_model: tyro.conf.Positional[str]
    """Folder of an exported model, such as saved_models/mnist."""


def describe(folder: Path) -> str:
    """The whole text; raises UserError if the folder holds no model of ours."""
    version = saved_model.version_folder(folder)
    config, signatures = saved_model.read_config(version), saved_model.read_signatures(version)
    try:
        facts = {
            "model": _model(config["model"], signatures),
            "data set": _data_set(config),
            "versions": _versions(version.parent),
            "made with": ", ".join(f"{package} {number}" for package, number in config["versions"].items()),
        }
    except (KeyError, TypeError, ValueError) as error:
        raise saved_model.not_ours(version) from error
    lines = [str(folder), "", *(f"{name:10} {fact}" for name, fact in facts.items()), ""]
    return "\n".join([*lines, f"signatures of version {version.name}", *_table(signatures)])


def _model(model: dict[str, Any], signatures: dict[str, Signature]) -> str:
    """The model with those of its sizes that it has a use for."""
    outputs = signatures["serving_default"].outputs
    sizes = {"components": "component_probs", "local_size": "z_mean", "global_size": "beta_mean"}
    letters = {"components": "K", "local_size": "L", "global_size": "M"}
    own = [f"{letters[name]} = {model[name]}" for name, output in sizes.items() if output in outputs]
    return f"{model['model']}, {model['body']} body, {model['likelihood']} likelihood, {', '.join(own)}"


def _data_set(config: dict[str, Any]) -> str:
    height, width, channels = config["image_shape"]
    return (
        f"{config['data']['dataset']}, {config['training_images']:,} training and {config['held_out_images']:,} "
        f"held-out images of {height}x{width}x{channels}, in groups of {config['data']['group_size']}"
    )


def _versions(folder: Path) -> str:
    """Every version with the size of its weights."""
    described = []
    for version in saved_model.versions(folder):
        weights = sum(file.stat().st_size for file in (folder / str(version)).glob("variables/variables.data*"))
        described.append(f"{version} ({weights / 1e6:.1f} MB of weights)")
    return ", ".join(described)


def _table(signatures: dict[str, Signature]) -> Iterator[str]:
    """Two lines for each signature: what goes in, and what comes out."""
    for name, signature in sorted(signatures.items()):
        yield f"  {name:16} {_tensors(signature.inputs)}"
        yield f"  {'':13} -> {_tensors(signature.outputs)}"


def _tensors(infos: dict[str, TensorInfo]) -> str:
    return "  ".join(f"{name} [{_axes(info)}]{DTYPES.get(info.dtype, ' ?')}" for name, info in infos.items())


def _axes(info: TensorInfo) -> str:
    """Sizes, with the letters of the axes that are free: groups, then images in a group."""
    return ",".join("GB"[axis] if size is None else str(size) for axis, size in enumerate(info.shape))


def main() -> None:
    """Parse the flags and print the description."""
    with errors_for_people("ugvae_tf.inspect"):
        request = tyro.cli(InspectionRequest, prog="python -m ugvae_tf.inspect")
        print(describe(Path(request.saved_model)))


if __name__ == "__main__":
    main()
