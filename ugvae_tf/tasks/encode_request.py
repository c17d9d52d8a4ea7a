"""The request of `ugvae encode`, and its validation. Without TensorFlow."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ugvae_tf.errors import UserError
from ugvae_tf.serving.shipped import located

OWN = ("folder", "npz")  # names of data sets that `data_dir` replaces
OUTPUTS = (".parquet", ".csv", ".npz")


@dataclass(frozen=True)
class EncodeRequest:
    """A model, images in groups, and the file of their codes."""

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
    output: str = "codes.npz"
    """File to write, a row a group: its ending .parquet, .csv or .npz is the format."""
    images: bool = False
    """Also write a row for every image, beside the output as NAME-images."""
    corrupt: Literal["stop", "skip"] = "stop"
    """Images that cannot be decoded: stop with an error that names the first one, or skip and count them."""

    def checked(self) -> "EncodeRequest":
        """The request itself; raises UserError if it is invalid."""
        own = self.dataset in (None, *OWN)
        if own and self.data_dir is None:
            raise UserError("There are no images to encode: give your own with `data_dir`, or the name of a `dataset`.")
        if own and self.split != "all":
            raise UserError(f"`split={self.split}` is for a `dataset` by its name: your own images are all encoded.")
        if Path(self.output).suffix not in OUTPUTS:
            raise UserError(f"`output={self.output}` must end in {', '.join(OUTPUTS)}: the ending is the format.")
        return self

    @property
    def address(self) -> str:
        """The address of the model."""
        return located(self.saved_model)

    @property
    def images_output(self) -> Path:
        """The file with a row an image."""
        output = Path(self.output)
        return output.with_name(f"{output.stem}-images{output.suffix}")
