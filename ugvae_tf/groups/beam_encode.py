"""`ugvae encode` as a pipeline of Apache Beam (extra `beam`): partial sums by group, and no group is gathered.

Chunks of files are encoded by workers, which share one model in each process. A chunk becomes one partial sum of
natural parameters for each of its groups (paper eq. 9), so that the combiner gets few elements. An optimal q(d) needs
the beta of the whole group: the images are read a second time, with the betas as side input.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import apache_beam as beam
import numpy as np
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.pvalue import AsDict, AsList
from apache_beam.utils.shared import Shared

from ugvae_tf.errors import LacksPart, UserError
from ugvae_tf.groups.beam_elements import Files, Rows
from ugvae_tf.groups.beam_steps import UNREADABLE, Add, Experts, OptimalComponents, SharedModel, Sums, Write


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

    model = SharedModel(job.address, job.trust).served
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
