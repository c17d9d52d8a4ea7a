"""The exported models that ship with the package, and names for models. Without TensorFlow.

A checkout has them in `saved_models/`, an installed package in its own `shipped_models/`; the file SHIPPED in either
lists them. They are read, never written to: runs and results go to `./saved_models`.
"""

from pathlib import Path

from ugvae_tf.serving.address import ServerAddress
from ugvae_tf.serving.saved_model import is_version, versions

PACKAGE = Path(__file__).parents[1]
RUNS = Path("saved_models")


def shipped_folder() -> Path:
    """The folder of the models that ship."""
    inside = PACKAGE / "shipped_models"
    return inside if inside.is_dir() else PACKAGE.parent / "saved_models"


def shipped_versions() -> dict[str, int]:
    """The version that ships of each model, by its name."""
    listed = shipped_folder() / "SHIPPED"
    lines = listed.read_text().split() if listed.is_file() else []
    return {name: int(version) for name, version in (line.split("/") for line in lines)}


def located(address: str) -> str:
    """Where a model is: the address itself, or for a bare name the folder of the model of that name.

    A name means `saved_models/<name>` below the current folder if that holds a version, else the version that ships.
    """
    path = Path(address)
    if ServerAddress.parse(address) or len(path.parts) > 1 or versions(path) or is_version(path):
        return address
    if versions(RUNS / address):
        return str(RUNS / address)
    shipped = shipped_versions()
    return str(shipped_folder() / address / str(shipped[address])) if address in shipped else address


def is_shipped(folder: Path, version: int) -> bool:
    """Whether a version in a folder is one that ships."""
    name = folder.resolve().name
    return folder.resolve().parent == shipped_folder().resolve() and shipped_versions().get(name) == version
