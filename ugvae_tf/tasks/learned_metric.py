"""The learned metric as an asset of the evaluated export."""

from pathlib import Path

from ugvae_tf.errors import UserError
from ugvae_tf.plda import Plda
from ugvae_tf.serving.address import ServerAddress
from ugvae_tf.serving.metric import NAME, write_metric
from ugvae_tf.serving.saved_model import version_folder
from ugvae_tf.serving.shipped import is_shipped
from ugvae_tf.tasks.context import Context


def stored(context: Context, metric: Plda | None) -> str | None:
    """Store the metric with the version, if there is one and its folder is the user's; returns a line that says so."""
    address = context.request.address
    if metric is None or ServerAddress.parse(address):
        return None
    version = version_folder(Path(address))
    if is_shipped(version.parent, int(version.name)):
        return None
    try:
        write_metric(version, metric)
    except UserError as error:
        return f"\nThe learned metric is not stored: {error}"
    return f"\nThe learned metric of beta is stored as {version / NAME}: `ugvae similar` uses it."
