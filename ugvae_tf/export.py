"""A trained model as a version that TensorFlow Serving loads."""

import shutil
from pathlib import Path

import keras

from ugvae_tf.models.base import GroupModel


def export(model: GroupModel, version: Path, config_json: str) -> None:
    """Write the model's signatures as the SavedModel `version`, in place by one rename.

    A server that watches the folder never sees half of a version. The configuration goes
    along as `assets.extra/config.json`, which the server passes over.

    Args:
        version: `saved_models/<name>/<integer>`; must not exist.
    """
    partial = version.parent / f".{version.name}.partial"
    shutil.rmtree(partial, ignore_errors=True)  # of an export that was killed
    archive = keras.export.ExportArchive()
    # The endpoints' own variables are stored; archive.track(model) would store each a second time.
    for name, (function, specs) in model.signatures().items():
        archive.add_endpoint(name, function, input_signature=specs)
    archive.write_out(str(partial), verbose=False)
    extra = partial / "assets.extra"
    extra.mkdir()
    (extra / "config.json").write_text(config_json)
    partial.rename(version)
