"""`ugvae encode` as a pipeline of Apache Beam (extra `beam`): partial sums by group, and no group is gathered.

Chunks of files are encoded by workers, which share one model in each process. A chunk becomes one partial sum of
natural parameters for each of its groups (paper eq. 9), so that the combiner gets few elements. An optimal q(d) needs
the beta of the whole group: the images are read a second time, with the betas as side input.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.pvalue import AsDict, AsList
from apache_beam.utils.shared import Shared

from ugvae_tf.errors import LacksPart, UserError
from ugvae_tf.quiet import quiet_tensorflow
from ugvae_tf.tasks.group_stream import damaged

IMAGES = 1024  # of an element
UNREADABLE = "unreadable"
Sums = dict[str, np.ndarray]


@dataclass(frozen=True)
class Files:
    """Image files, and the place of each one's group among the names of the groups."""

    files: tuple[str, ...]
    groups: tuple[int, ...]

    def read(self, shape: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray, list[str]]:
        """Images [n, H, W, C], their groups [n], and names of the files that cannot be decoded."""
        from ugvae_tf.datasets.image_reader import merged, read_files

        [chunk] = merged(read_files([Path(file) for file in self.files], shape), len(self.files) + 1)
        return chunk.images, np.array(self.groups)[chunk.places], [self.files[place] for place in chunk.unreadable]


@dataclass(frozen=True)
class Rows:
    """Rows of an .npy file of images, all that a worker has to read; row i of the elements is i modulo the file's."""

    file: str
    first: int
    groups: tuple[int, ...]

    def read(self, shape: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray, list[str]]:
        """As `Files.read`."""
        images = np.load(self.file, mmap_mode="r")
        places = (self.first + np.arange(len(self.groups))) % len(images)
        return images[places].reshape(-1, *shape), np.array(self.groups), []


def file_elements(files: Sequence[Path], groups: np.ndarray) -> list[Files]:
    """Elements of IMAGES files or fewer."""
    return [
        Files(tuple(map(str, files[start : start + IMAGES])), tuple(groups[start : start + IMAGES].tolist()))
        for start in range(0, len(files), IMAGES)
    ]


class _Model:
    """A loaded model, shared by the threads of a process; Shared needs an object that can have weak references."""

    def __init__(self, address: str, trust: bool) -> None:
        with quiet_tensorflow():
            from ugvae_tf.serving.served_model import ServedModel  # TensorFlow is imported by workers, in setup
        self.served = ServedModel(address, trust)


class _WithModel(beam.DoFn):
    def __init__(self, address: str, trust: bool, corrupt: str, shared: Any) -> None:
        self.address, self.trust, self.corrupt, self.shared = address, trust, corrupt, shared

    def setup(self) -> None:
        self.model = self.shared.acquire(lambda: _Model(self.address, self.trust)).served

    def images(self, element: Files | Rows) -> tuple[np.ndarray, np.ndarray, list[str]]:
        """The images of an element; raises UserError for a damaged one, unless they are left out."""
        images, groups, unreadable = element.read(self.model.image_shape)
        if unreadable and self.corrupt == "stop":
            raise damaged(unreadable[0])
        return images, groups, unreadable


class Experts(_WithModel):
    """An element to (group, partial sums): numbers of images, natural parameters, and q(d) unless it is optimal."""

    def process(self, element: Files | Rows) -> Iterator[Any]:
        from ugvae_tf.serving.expert_codes import expert_codes

        images, groups, unreadable = self.images(element)
        yield from (beam.pvalue.TaggedOutput(UNREADABLE, name) for name in unreadable)
        if len(images):
            codes = expert_codes(self.model, images)
            values = {"precision": codes.precision, "precision_mean": codes.precision_mean}
            if codes.component_probs is not None:
                values["component_probs"] = codes.component_probs
            yield from _partial(groups, values)


class OptimalComponents(_WithModel):
    """An element to (group, partial sums of the optimal q(d)), given the beta of every group."""

    def process(self, element: Files | Rows, betas: dict[int, np.ndarray]) -> Iterator[tuple[int, Sums]]:
        from ugvae_tf.serving.expert_codes import expert_codes
        from ugvae_tf.serving.optimal_shares import optimal_probs

        images, groups, _ = self.images(element)
        if len(images):
            codes = expert_codes(self.model, images)
            present, places = np.unique(groups, return_inverse=True)
            beta = np.stack([betas[group] for group in present.tolist()])
            probs = optimal_probs(self.model.prior, codes.z_mean, codes.z_stddev, places, beta)
            yield from _partial(groups, {"component_probs": probs})


def _partial(groups: np.ndarray, values: dict[str, np.ndarray]) -> Iterator[tuple[int, Sums]]:
    from ugvae_tf.serving.group_sums import sums_by_group

    present, counts = np.unique(groups, return_counts=True)
    sums = {name: sums_by_group(array, groups)[1] for name, array in values.items()}
    for place, group in enumerate(present.tolist()):
        row = {name: array[place] for name, array in sums.items()}
        yield group, {"images": np.array([counts[place]], np.int64), **row}


class Add(beam.CombineFn):
    """The sum of partial sums, in float64; in any order and any tree."""

    def create_accumulator(self) -> Sums:
        return {}

    def add_input(self, accumulator: Sums, element: Sums) -> Sums:
        return {name: accumulator.get(name, 0) + value for name, value in element.items()} if element else accumulator

    def merge_accumulators(self, accumulators: Any) -> Sums:
        total: Sums = {}
        for each in accumulators:
            total = self.add_input(total, each)
        return total

    def extract_output(self, accumulator: Sums) -> Sums:
        return accumulator


class Write(beam.DoFn):
    """All rows to one file, by one rename: a bundle that is tried again replaces the file by an equal one."""

    def __init__(self, output: str, names: np.ndarray, prior: tuple[np.ndarray, np.ndarray]) -> None:
        self.output, self.names, self.prior = output, names, prior

    def process(self, _: Any, rows: list[tuple[int, Sums]], shares: list[tuple[int, Sums]]) -> None:
        from ugvae_tf.serving.group_sums import moments
        from ugvae_tf.serving.group_table import GroupTable

        if not rows:
            raise UserError("None of the images can be decoded.")
        ordered = sorted(rows, key=lambda row: row[0])
        probs_of = dict(shares) if shares else dict(rows)
        groups = [group for group, _ in ordered]
        sums = {name: np.stack([row[name] for _, row in ordered]) for name in ("precision", "precision_mean", "images")}
        mean, stddev = moments(sums["precision"] + self.prior[0], sums["precision_mean"] + self.prior[1])
        probs = np.stack([probs_of[group]["component_probs"] for group in groups]) / sums["images"]
        vectors = (array.astype(np.float32) for array in (mean, stddev, probs))
        GroupTable(self.names[groups], sums["images"][:, 0], *vectors).write(self.output)


@dataclass(frozen=True)
class Job:
    """What the pipeline does."""

    address: str
    trust: bool
    corrupt: str
    output: str
    names: np.ndarray  # of the groups


def run_pipeline(job: Job, elements: Sequence[Files | Rows], flags: Sequence[str]) -> None:
    """Run the pipeline and wait for its end.

    Args:
        flags: of Beam, such as `--runner=FlinkRunner`.

    Raises:
        UserError: an image is damaged, or the model has neither beta nor a mixture.
    """
    from ugvae_tf.serving.expert_codes import is_optimal

    model = _Model(job.address, job.trust).served
    settings, shared = model.settings.model, Shared()
    if not (settings.has_beta or settings.has_mixture):
        raise LacksPart(f"The model in {job.address} has no beta and no mixture, so its groups have no code.")
    worker = job.address, job.trust, job.corrupt, shared
    prior = model.prior_parameters()
    try:
        with beam.Pipeline(options=PipelineOptions(list(flags))) as pipeline:
            source = pipeline | "elements" >> beam.Create(list(elements)) | beam.Reshuffle()
            found = source | "experts" >> beam.ParDo(Experts(*worker)).with_outputs(UNREADABLE, main="sums")
            sums = found.sums | "sum" >> beam.CombinePerKey(Add())
            shares = pipeline | "no shares" >> beam.Create([])
            if is_optimal(model):
                betas = sums | "betas" >> beam.Map(_beta, prior)
                probs = source | "q(d)" >> beam.ParDo(OptimalComponents(*worker), AsDict(betas))
                shares = probs | "sum q(d)" >> beam.CombinePerKey(Add())
            _ = found[UNREADABLE] | "report" >> beam.Map(lambda name: print(f"Left out: {name}", flush=True))
            one = pipeline | "once" >> beam.Create([None])
            _ = one | beam.ParDo(Write(job.output, job.names, prior), AsList(sums), AsList(shares))
    except Exception as error:
        raise _for_users(error) from error


def _beta(row: tuple[int, Sums], prior: tuple[np.ndarray, np.ndarray]) -> tuple[int, np.ndarray]:
    group, sums = row
    return group, (sums["precision_mean"] + prior[1]) / (sums["precision"] + prior[0])


def _for_users(error: Exception) -> Exception:
    """A UserError of a worker, which Beam wraps in its own exceptions; any other error is unchanged."""
    _, found, message = str(error).partition("UserError: ")
    if isinstance(error, UserError) or not found:
        return error
    return UserError(message.splitlines()[0].partition(" [while running")[0])
