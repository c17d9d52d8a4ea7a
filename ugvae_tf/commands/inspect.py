"""`ugvae inspect`: model, data, versions and signatures of an exported model."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ugvae_tf.commands.flags import Parser
from ugvae_tf.errors import UserError
from ugvae_tf.serving import messages, saved_model
from ugvae_tf.serving.address import ServerAddress
from ugvae_tf.serving.saved_model import Signature, TensorInfo
from ugvae_tf.serving.shipped import located

DTYPES = {messages.DT_FLOAT: "", messages.DT_INT32: " int32", messages.DT_STRING: " string"}  # float32 is not printed


def run(arguments: Sequence[str], prog: str) -> str | None:
    """The description of the model in the arguments."""
    parser = Parser(prog, "Print model, data, sizes, versions and signatures with shapes of an exported model.")
    parser.usage = f"{prog} MODEL"
    parser.add_argument("model", nargs="?", help="folder of an exported model, or the name of one that ships")
    given = parser.parsed(arguments)
    if given["help"]:
        print(parser.format_help(), end="")
        return None
    if given["model"] is None:
        raise UserError(f"Give the folder of an exported model, such as {prog} saved_models/mnist.")
    if server := ServerAddress.parse(given["model"]):
        raise UserError(f"{server.shown} is on a server: give the model's folder.")
    return describe(Path(located(given["model"])))


def describe(folder: Path) -> str:
    """The whole text; raises UserError if the folder has no export of ugvae_tf."""
    version = saved_model.version_folder(folder)
    config, signatures = saved_model.read_config(version), saved_model.read_signatures(version)
    try:
        facts = {
            "model": _model(config["model"], signatures),
            "data set": _data_set(config),
            "versions": _versions(version.parent),
            "made with": ", ".join(f"{package} {number}" for package, number in config["versions"].items()),
        }
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise saved_model.not_ours(version) from error
    lines = [str(folder), "", *(f"{name:10} {fact}" for name, fact in facts.items()), ""]
    return "\n".join([*lines, f"signatures of version {version.name}", *_table(signatures)])


def _model(model: dict[str, Any], signatures: dict[str, Signature]) -> str:
    """The model with the sizes of its latent variables."""
    outputs = signatures["serving_default"].outputs
    sizes = {"components": "component_probs", "local_size": "z_mean", "global_size": "beta_mean"}
    letters = {"components": "K", "local_size": "L", "global_size": "M"}
    own = [f"{letters[name]} = {model[name]}" for name, output in sizes.items() if output in outputs]
    return f"{model['model']}, {model['body']} body, {model['likelihood']} likelihood, {', '.join(own)}"


def _data_set(config: dict[str, Any]) -> str:
    height, width, channels = config["image_shape"]
    validation = f", {config['validation_images']:,} validation" if config.get("validation_images") else ""
    return (
        f"{config['data']['dataset']}, {config['training_images']:,} training{validation} and "
        f"{config['held_out_images']:,} held-out images of {height}x{width}x{channels}, "
        f"in groups of {config['data']['group_size']}"
    )


def _versions(folder: Path) -> str:
    """Every version with the size of its weights."""
    described = []
    for version in saved_model.versions(folder):
        weights = saved_model.weights_size(folder / str(version))
        described.append(f"{version} ({weights / 1e6:.1f} MB of weights)")
    return ", ".join(described)


def _table(signatures: dict[str, Signature]) -> Iterator[str]:
    """Two lines for each signature: inputs and outputs."""
    for name, signature in sorted(signatures.items()):
        yield f"  {name:16} {_tensors(signature.inputs)}"
        yield f"  {'':13} -> {_tensors(signature.outputs)}"


def _tensors(infos: dict[str, TensorInfo]) -> str:
    return "  ".join(f"{name} [{_axes(info)}]{DTYPES.get(info.dtype, ' ?')}" for name, info in infos.items())


def _axes(info: TensorInfo) -> str:
    """The sizes of the axes, with letters for dynamic ones: G groups, B images in a group."""
    return ",".join("GB"[axis] if size is None else str(size) for axis, size in enumerate(info.shape))
