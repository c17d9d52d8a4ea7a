"""The flags of evaluate.py."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from ugvae_tf.errors import UserError
from ugvae_tf.saved_model import is_version
from ugvae_tf.server_address import ServerAddress


@dataclass(frozen=True)
class EvaluationRequest:
    """Run an experiment on an exported model: print a table, write metrics.json and figures beside the model."""

    task: Literal[
        "batch-classification",
        "composition",
        "traversal",
        "interpolation",
        "embedding",
        "reconstruction",
        "likelihood",
        "clustering",
    ]
    """Which experiment."""
    saved_model: str = "saved_models/mnist"
    """Folder of an exported model, or http://HOST:8501/v1/models/NAME on a server; its newest version is taken."""
    output_dir: str | None = None
    """Folder in which evaluations/ is made (default: the model's, and saved_models/NAME for one on a server)."""
    dataset: str | None = None
    """Name of a TFDS image set (default: the one that the model was trained on)."""
    data_dir: str | None = None
    """Folder of prepared TFDS data sets (default: the package's own, then TFDS's)."""
    seed: int = 0
    """Fixes every choice of the experiment."""
    seeds: int = 5
    """Repetitions of batch-classification, for mean and spread."""
    groups: int | None = None
    """How many groups (default: each experiment's own)."""
    group_size: Annotated[str | None, tyro.conf.arg(metavar="B|MIN-MAX")] = None
    """Images in a group, or a range from which each group's size is drawn (default: as trained)."""
    categories: Literal["series", "digit-sets"] | None = None
    """Which groups of digits to tell apart (default: series; in an interpolation digit-sets)."""
    attribute: Annotated[str | None, tyro.conf.arg(metavar="NAME[=VALUE,VALUE]")] = None
    """The label to tell groups apart by, or to know of them, and which of its values (default: all)."""
    between: Annotated[str | None, tyro.conf.arg(metavar="FIRST,SECOND")] = None
    """Of interpolation: the two categories (default: the first two)."""
    samples: int | None = None
    """Of likelihood: importance samples for each image (default: bounds with 1, 25 and 100)."""
    dimension: int | None = None
    """Of traversal: move one dimension of beta only (default: all at once)."""

    def results(self, model_name: str) -> Path:
        """Where the task writes what it found."""
        is_remote, path = ServerAddress.parse(self.saved_model) is not None, Path(self.saved_model)
        if is_version(path):  # its folder is the server's
            path = path.parent
        beside_model = Path("saved_models", model_name) if is_remote else path
        return Path(self.output_dir or beside_model) / "evaluations" / self.task

    @property
    def attribute_values(self) -> tuple[str | None, list[str]]:
        """The label's name and its chosen values, none for all."""
        if self.attribute is None:
            return None, []
        name, _, values = self.attribute.partition("=")
        return name, values.split(",") if values else []

    @property
    def sizes(self) -> tuple[int, int] | None:
        """Smallest and largest group; raises UserError if --group-size is neither a number nor a range."""
        if self.group_size is None:
            return None
        smallest, _, largest = self.group_size.partition("-")
        if not smallest.isdecimal() or not (largest or smallest).isdecimal():
            raise UserError(
                f"--group-size must be a number such as 128 or a range such as 32-256, not {self.group_size}."
            )
        sizes = int(smallest), int(largest or smallest)
        if not 1 <= sizes[0] <= sizes[1]:
            raise UserError(f"--group-size {self.group_size} is impossible: give 1 or more, the smaller number first.")
        return sizes


def parse_evaluation(arguments: Sequence[str]) -> EvaluationRequest:
    """The request in evaluate.py's flags; raises UserError, or exits with status 2, on a bad one."""
    request = tyro.cli(EvaluationRequest, prog="evaluate.py", args=arguments)
    counts = {"--groups": request.groups, "--seeds": request.seeds, "--samples": request.samples}
    for flag, value in counts.items():
        if value is not None and value < 1:
            raise UserError(f"{flag} must be at least 1, not {value}.")
    if request.seed < 0:
        raise UserError(f"--seed must be 0 or more, not {request.seed}.")
    if request.attribute and request.categories:
        raise UserError("--attribute and --categories both say what to tell apart: give one of them.")
    _ = request.sizes, ServerAddress.parse(request.saved_model)
    return request
