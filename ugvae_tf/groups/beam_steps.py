"""The steps of the pipeline of `ugvae encode`: partial sums by group, their sum, and the file.

TensorFlow is imported by the workers, inside methods.
"""

from collections.abc import Iterator
from typing import Any

import apache_beam as beam
import numpy as np

from ugvae_tf.errors import UserError
from ugvae_tf.groups.beam_elements import Files, Rows
from ugvae_tf.groups.source_request import damaged
from ugvae_tf.quiet import quiet_tensorflow

UNREADABLE = "unreadable"
Sums = dict[str, np.ndarray]


class SharedModel:
    """A loaded model, shared by the threads of a process; Shared needs an object that can have weak references."""

    def __init__(self, address: str, trust: bool) -> None:
        with quiet_tensorflow():
            from ugvae_tf.serving.served_model import ServedModel  # TensorFlow is imported by workers, in setup
        self.served = ServedModel(address, trust)


class _WithModel(beam.DoFn):
    def __init__(self, address: str, trust: bool, corrupt: str, shared: Any) -> None:
        self.address, self.trust, self.corrupt, self.shared = address, trust, corrupt, shared

    def setup(self) -> None:
        self.model = self.shared.acquire(lambda: SharedModel(self.address, self.trust)).served

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
    _, sums = sums_by_group(groups, values)
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
