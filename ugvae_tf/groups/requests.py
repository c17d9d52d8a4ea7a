"""The requests of the commands on groups: similar, members, compare, representatives. Without TensorFlow."""

from dataclasses import dataclass, field
from typing import Literal, TypeVar

from ugvae_tf.errors import UserError
from ugvae_tf.groups.source_request import SourceRequest


@dataclass(frozen=True)
class SimilarRequest:
    """Groups by their codes, and those whose nearest groups are of interest."""

    codes: str | None = None
    """File of codes that `ugvae encode` wrote, in place of images."""
    source: SourceRequest = field(default_factory=SourceRequest)
    queries: str | None = None
    """Folder, manifest or .npz file of other images in groups: which groups are nearest to them?"""
    group: str | None = None
    """The group, or query, whose nearest groups are printed (default: all)."""
    count: int = 5
    """Number of nearest groups."""
    matrix: str | None = None
    """Also write the distances of all groups [G, G], a .npy file."""
    output: str | None = None
    """Folder for a .csv file, and for figures if there are images (default: the terminal only)."""

    def checked(self) -> "SimilarRequest":
        """The request itself; raises UserError if it is invalid."""
        return _checked(self, self.codes, self.source)


@dataclass(frozen=True)
class MembersRequest:
    """Images in groups, and the group whose members are checked."""

    codes: str | None = None
    """File with a row an image that `ugvae encode --images` wrote, in place of images, for `by=components`."""
    source: SourceRequest = field(default_factory=SourceRequest)
    group: str | None = None
    """The group to check."""
    candidates: str | None = None
    """Folder, manifest or .npz file of other images: does each belong to the group? (default: the group's own images,
    each against all others)."""
    by: Literal["images", "components"] = "images"
    """What is predicted of an image from the rest of its group: the whole image, or its component d alone."""
    seed: int = 0
    """Seed of the choice of other groups, for comparison."""
    output: str | None = None
    """Folder for a .csv file and a figure (default: the terminal only)."""

    def checked(self) -> "MembersRequest":
        """The request itself; raises UserError if it is invalid."""
        if self.group is None:
            raise UserError("Whose members? Give the name of a `group`.")
        if self.codes is not None and self.by != "components":
            raise UserError("The score of a whole image needs images: give `by=components`, or leave out `codes`.")
        return _checked(self, self.codes, self.source)


@dataclass(frozen=True)
class CompareRequest:
    """Two groups."""

    codes: str | None = None
    """File with a row an image that `ugvae encode --images` wrote, in place of images."""
    source: SourceRequest = field(default_factory=SourceRequest)
    group: str | None = None
    """The first group."""
    other: str | None = None
    """The second group."""
    permutations: int = 999
    """Permutations of the images between the groups; the smallest p-value is 1 / (1 + permutations)."""
    seed: int = 0
    """Seed of the permutations."""
    output: str | None = None
    """Folder for a .csv file, and for a figure if there are images (default: the terminal only)."""

    def checked(self) -> "CompareRequest":
        """The request itself; raises UserError if it is invalid."""
        if self.group is None or self.other is None or self.group == self.other:
            raise UserError("Give the names of two groups: `group` and `other`.")
        if self.permutations < 1:
            raise UserError(f"`permutations` must be at least 1, not {self.permutations}.")
        return _checked(self, self.codes, self.source)


@dataclass(frozen=True)
class RepresentativesRequest:
    """Groups whose most influential images are of interest."""

    codes: str | None = None
    """File with a row an image that `ugvae encode --images` wrote, in place of images."""
    source: SourceRequest = field(default_factory=SourceRequest)
    group: str | None = None
    """The group (default: all groups)."""
    count: int = 5
    """Images of each group."""
    output: str | None = None
    """Folder for a .csv file, and for a figure if there are images (default: the terminal only)."""

    def checked(self) -> "RepresentativesRequest":
        """The request itself; raises UserError if it is invalid."""
        return _checked(self, self.codes, self.source)


Request = TypeVar("Request")
GROUP_REQUESTS = (SimilarRequest, MembersRequest, CompareRequest, RepresentativesRequest)


def _checked(request: Request, codes: str | None, source: SourceRequest) -> Request:
    count = getattr(request, "count", 1)
    if count < 1:
        raise UserError(f"`count` must be at least 1, not {count}.")
    if codes is None or source.is_given:
        source.checked()
    else:
        _refuse_settings_of_images(source, "corrupt" if getattr(request, "queries", None) else None)
    return request


def _refuse_settings_of_images(source: SourceRequest, used: str | None) -> None:
    """Raise UserError for a setting that would have no effect, but the one that is used, where there are only codes."""
    for name in ("group_by", "split", "corrupt"):
        value = getattr(source, name)
        if name != used and value != getattr(SourceRequest(), name):
            raise UserError(f"`{name}={value}` is for images, and `codes` replaces them: leave it out.")
