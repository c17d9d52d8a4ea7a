"""Names of the components, an asset of an exported version: TensorFlow Serving ignores it. Without TensorFlow."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ugvae_tf.errors import UserError
from ugvae_tf.files import replace_text, written_to
from ugvae_tf.serving import checksums

NAME = Path("assets.extra") / "component_names.json"


@dataclass(frozen=True)
class ComponentNames:
    """Components, named by a label of the training images."""

    label: str
    names: list[str | None]  # [K], the value that most training images of the component bear; None: it has none
    shares: list[float]  # [K], the share of the component's training images that bear it
    components: dict[str, int]  # of each value, the component that most of its training images fall in

    @property
    def text(self) -> str:
        """The content of the file."""
        return json.dumps(asdict(self), ensure_ascii=False) + "\n"


def read_names(version: Path) -> ComponentNames | None:
    """The names of a version, or None; raises UserError if the file is damaged."""
    file = version / NAME
    if not file.is_file():
        return None
    try:
        found = ComponentNames(**json.loads(file.read_text(encoding="utf-8")))
        _check(found)
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise UserError(
            f"{file} does not name components: delete it; scripts/name_components.py writes a new one."
        ) from error
    return found


def write_names(version: Path, names: ComponentNames) -> None:
    """Store the names with the version, and their checksum; raises UserError if its folder cannot be written."""
    with written_to(version, "run the command again"), checksums.replaced(version, NAME):
        replace_text(version / NAME, names.text)


def _check(found: Any) -> None:
    """Raise ValueError unless the content is as `ComponentNames` describes it."""
    components = len(found.names)
    fits = isinstance(found.label, str) and len(found.shares) == components
    fits = fits and all(isinstance(name, str | None) for name in found.names)
    fits = fits and all(isinstance(share, int | float) and 0 <= share <= 1 for share in found.shares)
    if not fits or not all(type(d) is int and 0 <= d < components for d in found.components.values()):
        raise ValueError(found)
