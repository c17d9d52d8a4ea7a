"""A trained model as a version that TensorFlow Serving loads."""

import shutil
from pathlib import Path

import keras
import tensorflow as tf

from ugvae_tf import warm_up
from ugvae_tf.config import DataConfig
from ugvae_tf.models.base import GroupModel, Signature


def export(model: GroupModel, version: Path, config_json: str, group_size: int = DataConfig.group_size) -> None:
    """Write the model's signatures as the SavedModel `version`, in place by one rename.

    A server that watches the folder never sees half of a version. The configuration goes
    along as `assets.extra/config.json`, which the server passes over, and as the signature
    `config`, which clients of the server ask.

    Args:
        version: `saved_models/<name>/<integer>`; must not exist.
        group_size: images in a group of the requests that warm a server up.
    """
    partial = version.parent / f".{version.name}.partial"
    shutil.rmtree(partial, ignore_errors=True)  # of an export that was killed
    archive = keras.export.ExportArchive()
    # The endpoints' own variables are stored; archive.track(model) would store each a second time.
    for name, (function, specs) in {**model.signatures(), "config": _config_signature(config_json)}.items():
        archive.add_endpoint(name, function, input_signature=specs)
    archive.write_out(str(partial), verbose=False)
    (partial / "assets.extra").mkdir()
    (partial / "assets.extra" / "config.json").write_text(config_json)
    warm_up.write(partial, group_size)
    partial.rename(version)


def _config_signature(config_json: str) -> Signature:
    """The configuration, once for each group: as every signature, it leads with the axis of groups."""

    def config(group_sizes: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"config_json": tf.fill(tf.shape(group_sizes), config_json)}  # [G]

    return config, [tf.TensorSpec([None], tf.int32, name="group_sizes")]
