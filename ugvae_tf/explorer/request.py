"""The request of `ugvae explore`, and its validation. Without TensorFlow."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ugvae_tf.errors import UserError
from ugvae_tf.serving.address import ServerAddress
from ugvae_tf.tasks.request import OF_DATA, EvaluationRequest

MOST_GROUPS = 1000
LARGEST_PORT = 65535


@dataclass(frozen=True)
class ExploreRequest:
    """A model, the images that are shown beside it, and where the page goes."""

    saved_model: str = "mnist"
    """Folder of an exported model or of one of its versions, the name of a model that ships, or
    http://HOST:8501/v1/models/NAME on a server."""
    trust: bool = False
    """Load a SavedModel also if it has operations beyond those on tensors and variables."""
    port: int = 8642
    """Port of the page on 127.0.0.1; 0 for any free one."""
    html: str | None = None
    """Write the explorer to this file and stop: one .html file that opens from disk, without a server."""
    groups: int = 200
    """Groups of held-out images in the map, from 3 to 1000, at most."""
    seed: int = 0
    """Seed of the groups."""
    dataset: str | None = None
    """Data set (default: the training data set of the model)."""
    data_dir: str | None = None
    """Your folder or .npz file, or a folder of prepared TFDS data sets (default: as trained)."""
    image_size: int | None = None
    """Height and width that images are resized to, after a crop to their central square (default: as trained)."""
    corrupt: Literal["stop", "skip"] | None = None
    """Own images that cannot be decoded: stop with an error, or skip them (default: as trained)."""
    memory_limit: float | None = None
    """Gigabytes of decoded images to keep in memory: of a larger set, the first that fit (default: as trained)."""
    group_by: str | None = None
    """The label whose values are groups (default: the one that the model was trained with, if any)."""
    group_size: str | None = None
    """Images in a group, at most (default: as trained)."""

    def checked(self) -> "ExploreRequest":
        """The request itself; raises UserError if it is invalid."""
        if not 0 <= self.port <= LARGEST_PORT:
            raise UserError(f"`port` must be from 0 to {LARGEST_PORT}, not {self.port}.")
        if not 3 <= self.groups <= MOST_GROUPS:
            raise UserError(f"`groups` must be from 3 to {MOST_GROUPS}, not {self.groups}.")
        if self.html is not None:
            _check_file(Path(self.html))
            if ServerAddress.parse(self.saved_model):
                raise UserError("`html` needs the weights, which a server does not give: give the model's folder.")
        _ = self.evaluation.checked()
        return self

    @property
    def evaluation(self) -> EvaluationRequest:
        """The model and the data as every task opens them."""
        names = ("saved_model", "trust", "seed", "group_by", "group_size", *OF_DATA)
        return EvaluationRequest("all", **{name: getattr(self, name) for name in names})


def _check_file(file: Path) -> None:
    if file.suffix != ".html":
        raise UserError(f"`html={file}` must end in .html.")
    if not file.parent.is_dir():
        raise UserError(f"{file.parent} is no folder: create it, or choose another place with `html`.")
