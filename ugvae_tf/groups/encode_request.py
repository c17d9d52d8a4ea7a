"""The request of `ugvae encode`, and its validation. Without TensorFlow."""

from dataclasses import dataclass, field
from pathlib import Path

from ugvae_tf.errors import UserError
from ugvae_tf.groups.source_request import SourceRequest

OUTPUTS = (".parquet", ".csv", ".npz")


@dataclass(frozen=True)
class EncodeRequest:
    """Images in groups, and the file of their codes."""

    source: SourceRequest = field(default_factory=SourceRequest)
    output: str = "codes.npz"
    """File to write, a row a group: its ending .parquet, .csv or .npz is the format."""
    images: bool = False
    """Also write a row for every image, beside the output as NAME-images."""

    runner: str | None = None
    """Runner of Apache Beam, such as DirectRunner, FlinkRunner or DataflowRunner (default: this process, without Beam).
    Flags that are not listed here are Beam's."""
    beam: tuple[str, ...] = ()
    """The flags of Beam."""

    def checked(self) -> "EncodeRequest":
        """The request itself; raises UserError if it is invalid."""
        self.source.checked()
        if Path(self.output).suffix not in OUTPUTS:
            raise UserError(f"`output={self.output}` must end in {', '.join(OUTPUTS)}: the ending is the format.")
        if self.runner is not None and self.images:
            raise UserError("`images` writes rows on this machine: leave it out, or leave out `runner`.")
        return self

    @property
    def images_output(self) -> Path:
        """The file with a row an image."""
        output = Path(self.output)
        return output.with_name(f"{output.stem}-images{output.suffix}")
