"""The images of `ugvae encode` and of the commands on groups, and the model. Without TensorFlow."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ugvae_tf.errors import UserError
from ugvae_tf.serving.shipped import located

NAMED = 5  # images in a message
OWN = ("folder", "npz")  # names of data sets that `data_dir` replaces


@dataclass(frozen=True)
class SourceRequest:
    """A model, and images in groups."""

    saved_model: str = "mnist"
    """Folder of an exported model or of one of its versions, the name of a model that ships, or
    http://HOST:8501/v1/models/NAME on a server."""
    data_dir: str | None = None
    """Your images: a folder (a group for each of its sub-folders), an .npz file with an array `image`, or a manifest,
    a .csv file with the columns path and group."""
    dataset: str | None = None
    """In place of your images, a data set that ships or a TFDS image set."""
    split: Literal["all", "train", "held-out"] = "all"
    """The images of `dataset`."""
    group_by: str | None = None
    """What the groups are: a column of attributes.csv in the folder, or of the manifest, an array of the .npz file, or
    a label of `dataset` (default: the sub-folders, the column or the array group)."""
    trust: bool = False
    """Load a SavedModel also if it has operations beyond those on tensors and variables."""
    corrupt: Literal["stop", "skip"] = "stop"
    """Images that cannot be decoded: stop with an error that names the first one, or skip and count them."""

    def checked(self) -> "SourceRequest":
        """The request itself; raises UserError if it is invalid."""
        own = self.dataset in (None, *OWN)
        if own and self.data_dir is None:
            raise UserError("There are no images to encode: give your own with `data_dir`, or the name of a `dataset`.")
        if own and self.split != "all":
            raise UserError(f"`split={self.split}` is for a `dataset` by its name: your own images are all encoded.")
        return self

    @property
    def is_given(self) -> bool:
        """Whether there are images at all: a file of codes may replace them."""
        return self.data_dir is not None or self.dataset not in (None, *OWN)

    @property
    def address(self) -> str:
        """The address of the model."""
        return located(self.saved_model)


def damaged(name: str) -> UserError:
    """The error for an image that cannot be decoded."""
    return UserError(
        f"{name} cannot be decoded: replace or delete the damaged images, or leave them out with `corrupt=skip`."
    )


def left_out(names: Sequence[str]) -> str:
    """The sentence on images that were skipped."""
    others = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"Left out, {len(names)} images that cannot be decoded: {', '.join(names[:NAMED])}{others}."
