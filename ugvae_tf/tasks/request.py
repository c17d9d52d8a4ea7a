"""The request of a task, and its validation. Without TensorFlow."""

import difflib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ugvae_tf.errors import UserError
from ugvae_tf.serving.address import ServerAddress
from ugvae_tf.serving.saved_model import is_version
from ugvae_tf.serving.shipped import RUNS, located, shipped_folder

ALL = "all"
MOST = 10**6  # groups, repetitions, samples
# The settings of each task, in addition to those of every task.
SETTINGS: dict[str, tuple[str, ...]] = {
    "batch-classification": ("groups", "seeds", "categories", "attribute"),
    "composition": ("groups", "attribute"),
    "traversal": ("dimension", "directions"),
    "interpolation": ("groups", "categories", "attribute", "group_by", "between", "codes"),
    "embedding": ("groups", "attribute", "group_by", "codes"),
    "reconstruction": ("groups", "attribute"),
    "likelihood": ("groups", "samples"),
    "anatomy": ("groups", "group_by"),
    "clustering": ("attribute", "codes"),
    "generate": ("groups", "attribute", "group_by"),
    "completion": ("groups", "attribute", "group_by"),
    "swap": ("groups", "attribute", "group_by"),
    "prediction": ("groups", "attribute", "group_by"),
    "retrieval": ("groups", "seeds", "attribute", "group_by", "store_metric", "codes"),
}
DIGIT_CATEGORIES = ("series", "digit-sets")
CHOICES = (
    "groups",
    "seeds",
    "categories",
    "attribute",
    "group_by",
    "between",
    "dimension",
    "directions",
    "samples",
    "store_metric",
    "codes",
)
OF_DATA: tuple[str, ...] = ("dataset", "data_dir", "image_size", "corrupt", "memory_limit")
OF_IMAGES: tuple[str, ...] = (*OF_DATA, "group_size")
OF_IMAGES += ("groups", "categories", "attribute", "group_by", "store_metric")


@dataclass(frozen=True)
class EvaluationRequest:
    """A task, its model, data and settings."""

    task: str
    """Experiment to run (default: none); `all` runs every one that the model and its data allow."""
    saved_model: str = "mnist"
    """Folder of an exported model or of one of its versions, the name of a model that ships, or
    http://HOST:8501/v1/models/NAME on a server. The default version is the newest."""
    trust: bool = False
    """Load a SavedModel also if it has operations beyond those on tensors and variables, which can touch files,
    the network or Python."""
    output_dir: str | None = None
    """Folder for evaluations/ (default: the model's folder; saved_models/NAME for a model that ships or on a
    server)."""
    dataset: str | None = None
    """Data set (default: the training data set of the model)."""
    data_dir: str | None = None
    """Your folder or .npz file, or a folder of prepared TFDS data sets (default: as trained)."""
    codes: str | None = None
    """File of codes that `ugvae encode` wrote, in place of images, for interpolation, embedding, clustering, and, with
    the rows of `ugvae encode --images`, retrieval."""
    image_size: int | None = None
    """Height and width that images are resized to, after a crop to their central square (default: as trained)."""
    corrupt: Literal["stop", "skip"] | None = None
    """Own images that cannot be decoded: stop with an error, or skip them (default: as trained)."""
    memory_limit: float | None = None
    """Gigabytes of decoded images to keep in memory: of a larger set, the first that fit (default: as trained)."""
    seed: int = 0
    """Seed of all random draws."""
    group_size: str | None = None
    """Images in a group, or a range from which each group's size is drawn (default: as trained)."""
    groups: int | None = None
    """Number of groups (default: each task's own)."""
    seeds: int | None = None
    """Repetitions (default: 5). Of batch-classification: new training groups, and a new division of the held-out images
    in halves. Of retrieval: new draws of the images of every group."""
    categories: str | None = None
    """`series` or `digit-sets`: categories of groups of digits (default: series; in an interpolation digit-sets). Or
    two labels or more that are true or false, such as black_hair,blond_hair: each is a category of the images of which
    it alone is true."""
    attribute: str | None = None
    """The label that defines the categories, and some of its values (default: `label` or `domain`, all values). Of
    retrieval, completion and swap: the label that is the content of an image, such as the character of a glyph."""
    group_by: str | None = None
    """The label whose values are groups (default: the one that the model was trained with, if any)."""
    between: str | None = None
    """The two categories, or without a label the two groups (default: the first two; the groups farthest apart)."""
    samples: int | None = None
    """Importance samples of z for each image, any number (default: bounds with 1, 25 and 100)."""
    directions: Literal["data", "paper"] | None = None
    """Directions of a traversal: the principal axes of the codes of the held-out images (data), or all dimensions of
    beta and of z at once (paper, figure 3) (default: data)."""
    dimension: int | None = None
    """Principal axis of beta, counted from 0 (default: the first one). With `directions=paper` the one dimension of
    beta that moves (default: all at once)."""

    store_metric: bool | None = None
    """Store the learned metric of a retrieval with the evaluated version, for `ugvae similar` (default: off)."""

    def checked(self) -> "EvaluationRequest":
        """The request itself; raises UserError if it is invalid."""
        if self.task not in (*SETTINGS, ALL):
            close = difflib.get_close_matches(self.task, (*SETTINGS, ALL), n=1)
            hint = f"did you mean {close[0]}?" if close else f"give one of {', '.join(SETTINGS)}, or {ALL}."
            raise UserError(f"There is no `task={self.task}`: {hint}")
        for name in ("groups", "seeds", "samples"):
            if (value := getattr(self, name)) is not None and not 1 <= value <= MOST:
                raise UserError(f"`{name}` must be at least 1 and at most {MOST}, not {value}.")
        for name in ("image_size", "memory_limit"):
            if (value := getattr(self, name)) is not None and not 0 < value < float("inf"):
                raise UserError(f"`{name}` must be a number above 0, not {value}.")
        if not 0 <= self.seed < 2**31:
            raise UserError(f"`seed` must be 0 or more, and below 2147483648, not {self.seed}.")
        for name, value in (("attribute", self.attribute), ("between", self.between)):
            if value is not None and not all(re.split("[=,]", value)):
                raise UserError(f"`{name}={value}` has an empty name or value: leave none empty.")
        if self.attribute and self.categories:
            raise UserError("`attribute` and `categories` both define the categories: give one of them.")
        if self.categories and self.categories not in DIGIT_CATEGORIES and len(set(self.category_labels)) < 2:
            raise UserError(
                f"`categories={self.categories}` is neither {' nor '.join(DIGIT_CATEGORIES)} nor two labels or more, "
                f"such as black_hair,blond_hair."
            )
        self._check_settings()
        self._check_codes()
        _ = self.sizes, ServerAddress.parse(self.saved_model)
        return self

    def _check_codes(self) -> None:
        """Raise UserError for a file of codes beside images, or for a task that needs images."""
        if self.codes is None:
            return
        if self.task == ALL:
            users = [task for task, names in SETTINGS.items() if "codes" in names]
            raise UserError(f"`codes` is for one task, not for all: {', '.join(users)} need no images.")
        if given := [name for name in OF_IMAGES if getattr(self, name) is not None]:
            raise UserError(f"`{given[0]}` is a setting of images, which `codes` replaces: leave out one of them.")

    def _check_settings(self) -> None:
        """Raise UserError for a setting that the task does not use."""
        for name in CHOICES:
            if getattr(self, name) is not None and name not in self.settings:
                users = ", ".join(task for task, names in SETTINGS.items() if name in names)
                if name == "codes":
                    raise UserError(f"The task {self.task} needs images: leave out `codes`, which {users} take.")
                raise UserError(f"The task {self.task} does not use `{name}`: leave it out ({users} does).")

    @property
    def settings(self) -> tuple[str, ...]:
        """The settings that the task uses."""
        return CHOICES if self.task == ALL else SETTINGS[self.task]

    @property
    def address(self) -> str:
        """The address of the model."""
        return located(self.saved_model)

    def results(self, model_name: str) -> Path:
        """The folder of the task's results: never inside the folder of the models that ship."""
        path = Path(self.address)
        if is_version(path):
            path = path.parent
        is_elsewhere = (
            ServerAddress.parse(self.address) is not None or path.resolve().parent == shipped_folder().resolve()
        )
        beside_model = RUNS / model_name if is_elsewhere else path
        return Path(self.output_dir or beside_model) / "evaluations" / self.task

    @property
    def attribute_values(self) -> tuple[str | None, list[str]]:
        """The label's name and its chosen values (empty for all)."""
        if self.attribute is None:
            return None, []
        name, _, values = self.attribute.partition("=")
        return name, values.split(",") if values else []

    @property
    def category_labels(self) -> list[str]:
        """The labels that `categories` names (empty for those of digits)."""
        if self.categories is None or self.categories in DIGIT_CATEGORIES:
            return []
        return self.categories.split(",")

    @property
    def sizes(self) -> tuple[int, int] | None:
        """Smallest and largest group size; raises UserError if `group_size` is neither a number nor a range."""
        if self.group_size is None:
            return None
        smallest, _, largest = self.group_size.partition("-")
        if not re.fullmatch("[0-9]{1,9}(-[0-9]{1,9})?", self.group_size):
            raise UserError(
                f"`group_size` must be a number such as 128 or a range such as 32-256, not {self.group_size}."
            )
        sizes = int(smallest), int(largest or smallest)
        if not 1 <= sizes[0] <= sizes[1]:
            raise UserError(f"`group_size={self.group_size}` is impossible: give 1 or more, the smaller number first.")
        return sizes
