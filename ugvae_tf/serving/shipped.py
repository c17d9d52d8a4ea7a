"""The exported models that ship with the package, and their names. Without TensorFlow.

They are in `saved_models/` of a clone, and in `shipped_models/` of an installed package; the file SHIPPED there
lists them. They are read only: runs and results go to `./saved_models`.
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
    """The shipped version of each model, by the model's name."""
    listed = shipped_folder() / "SHIPPED"
    lines = listed.read_text().split() if listed.is_file() else []
    return {name: int(version) for name, version in (line.split("/") for line in lines)}


def located(address: str) -> str:
    """The address itself, or for a bare name the folder of the model of that name.

    A name is `saved_models/<name>` below the current folder if that has a version, else the version that ships.
    """
    path = Path(address)
    if ServerAddress.parse(address) or len(path.parts) > 1 or is_version(path) or _holds_a_model(path):
        return address
    if versions(RUNS / address):
        return str(RUNS / address)
    shipped = shipped_versions()
    return str(shipped_folder() / address / str(shipped[address])) if address in shipped else address


def _holds_a_model(folder: Path) -> bool:
    """Whether it has an exported version: folders 0 to 9 can hold the pictures of digits."""
    return any(is_version(folder / str(version)) for version in versions(folder))


def is_shipped(folder: Path, version: int) -> bool:
    """Whether the version in the folder is the one that ships."""
    name = folder.resolve().name
    return folder.resolve().parent == shipped_folder().resolve() and shipped_versions().get(name) == version
