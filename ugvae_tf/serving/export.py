"""Export of a model as a version for TensorFlow Serving."""

import shutil
from collections.abc import Iterable
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from ugvae_tf import config as configuration
from ugvae_tf.config import Config, DataConfig, TrainingConfig
from ugvae_tf.datasets.image_set import ImageSet
from ugvae_tf.errors import UserError
from ugvae_tf.files import check_no_pattern, written_to
from ugvae_tf.models.base import GroupModel, Signature
from ugvae_tf.serving import checksums, component_names, model_card, warm_up
from ugvae_tf.serving.component_names import ComponentNames
from ugvae_tf.serving.saved_model import next_version

PACKAGES = ("ugvae_tf", "tensorflow", "keras", "tensorflow-probability")


def export(model: GroupModel, folder: str | Path, images: ImageSet | None = None) -> Path:
    """Write the model as the next version in `folder`, and return the version's path.

    Args:
        folder: such as `saved_models/mine`; created if it does not exist.
        images: the training images; their data set is the default of evaluate.py.

    Raises:
        UserError: the folder cannot be written, or a variable of the model is not finite.
    """
    data = (images.source if images is not None else None) or DataConfig(dataset=configuration.UNKNOWN_DATA)
    training = TrainingConfig(validation_share=0)  # whatever the caller held back is not known here
    config = Config(preset=configuration.NO_PRESET, data=data, model=model.config, training=training)
    text = provenance(config, model.image_shape, 0 if images is None else len(images), 0)
    check_no_pattern(Path(folder))
    with written_to(Path(folder), "export again"):
        version = next_version(Path(folder))
        version.parent.mkdir(parents=True, exist_ok=True)
        export_version(model, version, text, data.group_size)
    return version


def export_version(
    model: GroupModel,
    version: Path,
    config_json: str,
    group_size: int = DataConfig.group_size,
    names: ComponentNames | None = None,
) -> None:
    """Write the model's signatures as the SavedModel `version`, moved into place by one rename.

    A server that watches the folder never loads an incomplete version. The configuration is
    stored in `assets.extra/config.json`, which the server ignores, and in the signature `config`
    for clients of the server; its facts are in `MODEL_CARD.md` too.

    Args:
        version: `saved_models/<name>/<integer>`; must not exist.
        config_json: as `provenance` returns it.
        group_size: images in a group of the warm-up requests.
        names: of the components.

    Raises:
        UserError: a variable of the model is NaN or infinite, or the text is not that of a configuration.
        OSError: the folder cannot be written, and then holds what it held before.
    """
    _check_finite(model)
    partial = version.parent / f".{version.name}.partial"
    shutil.rmtree(partial, ignore_errors=True)  # of an export that was killed
    try:
        _write(model, partial, config_json, group_size, names)
        partial.rename(version)
    except tf.errors.OpError as error:
        raise OSError(error.message.splitlines()[0]) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _write(model: GroupModel, folder: Path, config_json: str, group_size: int, names: ComponentNames | None) -> None:
    """Write all files of a version: the same bytes for the same weights, in every process.

    `keras.export.ExportArchive` would write the variables in the order of a set.
    """
    signatures = {**model.signatures(), "config": _config_signature(config_json)}
    functions = {
        name: tf.function(function, input_signature=specs, autograph=False).get_concrete_function()
        for name, (function, specs) in signatures.items()
    }
    exported = tf.Module()
    exported.weights = _used_variables(functions.values())
    tf.saved_model.save(exported, str(folder), signatures=functions)
    (folder / "fingerprint.pb").unlink(missing_ok=True)  # has a random number; TensorFlow needs it for statistics only
    (folder / "assets.extra").mkdir()
    (folder / "assets.extra" / "config.json").write_text(config_json)
    if names is not None:
        (folder / component_names.NAME).write_text(names.text, encoding="utf-8")
    warm_up.write(folder, group_size)
    model_card.write(folder)
    checksums.write(folder)


def _used_variables(functions: Iterable[Any]) -> list[tf.Variable]:
    """The variables of the functions, each once, in the order in which these capture them.

    C++ knows only variables that the exported object lists.
    """
    functions = list(functions)
    of_handle = {id(variable.handle): variable for function in functions for variable in function.graph.variables}
    captured = dict.fromkeys(id(handle) for function in functions for handle in function.captured_inputs)
    return [of_handle[handle] for handle in captured if handle in of_handle]


def _check_finite(model: GroupModel) -> None:
    """Raise UserError for a model that cannot compute a code."""
    for variable in model.variables:
        if not np.isfinite(variable.numpy()).all():
            raise UserError(f"The variable {variable.path} is not finite, so the model is not exported.")


def provenance(
    config: Config,
    image_shape: tuple[int, ...],
    training_images: int,
    held_out_images: int,
    validation_images: int = 0,
    data_checksum: str | None = None,
    xla: bool | None = None,
) -> str:
    """The text of config.json: the configuration, sizes and checksum of the data, the versions of the packages.

    `xla`: whether XLA compiled the training step, on which the noise of a run depends; None where that is not known.
    """
    return configuration.to_json(
        config,
        image_shape=list(image_shape),
        training_images=training_images,
        validation_images=validation_images,
        held_out_images=held_out_images,
        data_checksum=data_checksum,
        xla=xla,
        versions={package: version_of(package) for package in PACKAGES},
    )


def _config_signature(config_json: str) -> Signature:
    """The signature `config`: the configuration once per group, since the first axis of every output is the groups."""

    def config(group_sizes: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"config_json": tf.fill(tf.shape(group_sizes), config_json)}  # [G]

    return config, [tf.TensorSpec([None], tf.int32, name="group_sizes")]
