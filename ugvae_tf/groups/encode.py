"""Codes of groups of any size, from their images in one stream: no group is gathered, and memory does not grow."""

import importlib.util
import time
from pathlib import Path
from typing import Literal

import numpy as np

from ugvae_tf.datasets import grouped_sources
from ugvae_tf.datasets.grouped_images import GroupedImages, of_array
from ugvae_tf.errors import UserError
from ugvae_tf.groups.encode_request import EncodeRequest
from ugvae_tf.groups.source_request import OWN, SourceRequest, damaged, left_out
from ugvae_tf.groups.stream import Encoded, encoded
from ugvae_tf.serving.group_table import GroupTable, ImageTable
from ugvae_tf.serving.served_model import ServedModel, load
from ugvae_tf.serving.table_files import check_file

Source = str | Path | np.ndarray


def encode(
    source: Source,
    saved_model: str | Path | ServedModel = "mnist",
    *,
    group_by: str | np.ndarray | None = None,
    corrupt: Literal["stop", "skip"] = "stop",
) -> GroupTable:
    """The codes of groups of any size, from 1 image to millions.

    Args:
        source: a folder (a group for each of its sub-folders), an .npz file, a manifest (a .csv file with the columns
            path and group), the name of a data set, or images [N, H, W, C], uint8 or floats in [0, 1].
        saved_model: as `ugvae_tf.load` takes it, or what it returns.
        group_by: a column of attributes.csv or of the manifest, an array of the .npz file, a label of the data set, or
            the group of each image [N]. Without it, images that have no groups are one group.
        corrupt: `stop` raises UserError for an image that cannot be decoded, `skip` leaves it out.

    Returns:
        A row a group, in the order of the groups' names: `group`, `images`, `beta_mean`, `beta_stddev`,
        `component_probs`.

    Raises:
        UserError: the source or the model does not exist, or an image is damaged.
    """
    return encoded(served(saved_model), opened(source, group_by), corrupt).groups


def encode_with_images(
    source: Source,
    saved_model: str | Path | ServedModel = "mnist",
    *,
    group_by: str | np.ndarray | None = None,
    corrupt: Literal["stop", "skip"] = "stop",
) -> tuple[GroupTable, ImageTable]:
    """As `encode`, and what each image contributes, a row an image; these rows are on disk until they are used."""
    found = encoded(served(saved_model), opened(source, group_by), corrupt, with_images=True)
    assert found.images is not None
    return found.groups, found.images


def run(request: EncodeRequest) -> str:
    """Encode, write the files, and return a description of them."""
    output, began = Path(request.output), time.monotonic()
    for file in (output, request.images_output) if request.images else (output,):
        check_file(file)
    if request.runner is not None:
        return _run_on_beam(request, began)
    model, images = ServedModel(request.source.address, request.source.trust), requested(request.source)
    found = encoded(model, images, request.source.corrupt, request.images, output.parent)
    found.groups.write(output)
    if found.images is not None:
        found.images.write(request.images_output)
    return _summary(request, images, found, time.monotonic() - began)


def _run_on_beam(request: EncodeRequest, began: float) -> str:
    """As `run`, as a pipeline of Apache Beam."""
    if importlib.util.find_spec("apache_beam") is None:
        raise UserError("`runner` needs Apache Beam: pip install 'ugvae_tf[beam]', or leave it out.")
    from ugvae_tf.groups import beam_elements, beam_encode

    images, source = requested(request.source), request.source
    if images.files is None:
        raise UserError("`runner` reads image files: give a folder or a manifest with `data_dir`, or leave it out.")
    if images.unreadable and source.corrupt == "stop":
        raise damaged(images.unreadable[0])
    job = beam_encode.Job(source.address, source.trust, source.corrupt, request.output, images.group_names)
    elements = beam_elements.file_elements(images.files, images.groups)
    beam_encode.run_pipeline(job, elements, [f"--runner={request.runner}", *request.beam])
    table, seconds = GroupTable.read(request.output), time.monotonic() - began
    total = int(table.images.sum())
    return (
        f"{total:,} images in {_groups(len(table))}, encoded in {seconds:.0f} s ({total / seconds:,.0f}/s), "
        f"{len(images) - total} left out.\nWritten to {request.output}, a row a group."
    )


def opened(source: Source, group_by: str | np.ndarray | None = None) -> GroupedImages:
    """The images of a source, by its kind; none is read yet."""
    if isinstance(source, np.ndarray):
        return of_array(source, None if group_by is None else np.asarray(group_by))
    if group_by is not None and not isinstance(group_by, str):
        raise UserError("`group_by` must be the name of a column, unless the source is an array of images.")
    place = Path(source)
    if place.exists() or len(place.parts) > 1 or place.suffix in (".npz", ".csv"):
        return grouped_sources.of_place(place, group_by)
    return grouped_sources.of_dataset(str(source), group_by)


def served(saved_model: str | Path | ServedModel) -> ServedModel:
    """The model itself, or the one at the address."""
    return saved_model if isinstance(saved_model, ServedModel) else load(saved_model)


def requested(request: SourceRequest) -> GroupedImages:
    """The images of a request; none is read yet."""
    if request.dataset in (None, *OWN):
        return grouped_sources.of_place(Path(str(request.data_dir)), request.group_by)
    return grouped_sources.of_dataset(str(request.dataset), request.group_by, request.split, request.data_dir)


def _summary(request: EncodeRequest, images: GroupedImages, found: Encoded, seconds: float) -> str:
    total = int(found.groups.images.sum())
    lines = [
        f"{total:,} images in {_groups(len(found.groups))}, encoded in {seconds:.0f} s ({total / seconds:,.0f}/s)."
    ]
    if not images.grouped:
        lines.append("The images have no groups, so all are one: `group_by` names a column or label that groups them.")
    if found.unreadable:
        lines.append(left_out(found.unreadable))
    written = f"Written to {request.output}, a row a group"
    lines.append(written + (f", and {request.images_output}, a row an image." if request.images else "."))
    return "\n".join(lines)


def _groups(count: int) -> str:
    return f"{count:,} group{'' if count == 1 else 's'}"
