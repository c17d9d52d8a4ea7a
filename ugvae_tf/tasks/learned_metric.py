"""The learned metric as an asset of the evaluated version: stored only where the request says so."""

from pathlib import Path

from ugvae_tf.codes.plda import Plda
from ugvae_tf.errors import UserError
from ugvae_tf.serving.address import ServerAddress
from ugvae_tf.serving.metric import NAME, LearnedMetric, write_metric
from ugvae_tf.serving.saved_model import version_folder
from ugvae_tf.serving.shipped import PACKAGE
from ugvae_tf.tasks.context import Context


def check(context: Context, label: str | None) -> None:
    """Raise UserError unless a metric of groups by the label can be stored with the version, before any work."""
    address = context.request.address
    if ServerAddress.parse(address):
        raise UserError("`store_metric` writes into the folder of a version: give the folder, not the server.")
    if Path(address).resolve().is_relative_to(PACKAGE.resolve()):
        raise UserError(f"`store_metric` does not change a model of the installed package: copy {address} first.")
    if label is None:
        raise UserError("`store_metric` needs groups that exist: give their label with `group_by`.")
    context.require("has_beta", "beta, whose metric `store_metric` stores")


def stored(context: Context, label: str, of_n: dict[int, Plda]) -> str:
    """Store the metric at the largest n with the version; returns a line that says so.

    Args:
        of_n: PLDA of beta by the images of a group.
    """
    if not of_n:
        return "The learned metric is not stored: fewer than two training groups have enough images."
    version, n = version_folder(Path(context.request.address)), max(of_n)
    try:
        write_metric(version, LearnedMetric(of_n[n], n, label, context.dataset, context.train.checksum(label)))
    except UserError as error:
        return f"The learned metric is not stored: {error}"
    return f"The learned metric of beta, for groups of {n} images, is stored for `ugvae similar`: {version / NAME}"
