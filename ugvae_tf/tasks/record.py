"""The content of metrics.json: settings, provenance of the model and measures, one level deep."""

import math
from typing import Any

from ugvae_tf.tasks.context import Context
from ugvae_tf.tasks.request import OF_DATA


def flat_record(context: Context, metrics: dict[str, float]) -> dict[str, Any]:
    """The content of metrics.json, one level deep, the same keys for every run of a task on the same data.

    `task`, `dataset`, `data_dir`, `image_size`, `corrupt`, `memory_limit`, `saved_model`, `model_version`,
    `group_size_smallest`, `group_size_largest` and `seed`; the settings that the task uses, null for a default; every
    setting and the provenance of the model as `config.<part>.<name>`; every measure as `metric.<name>`.
    """
    request = context.request
    return {
        "task": request.task,
        "seed": request.seed,
        **{name: getattr(request, name) for name in request.settings},
        "dataset": context.dataset,
        **{name: getattr(context.data, name) for name in OF_DATA if name != "dataset"},
        "saved_model": context.model.address,
        "model_version": context.model.version,
        "group_size_smallest": context.smallest,
        "group_size_largest": context.largest,
        **_flat("config", context.model.config),
        **{f"metric.{name}": value for name, value in metrics.items()},
    }


def without_nan(record: dict[str, Any]) -> dict[str, Any]:
    """The record with null for a measure that does not exist: JSON has neither NaN nor infinity."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in record.items()
    }


def _flat(prefix: str, value: Any) -> dict[str, Any]:
    if isinstance(value, list):
        value = dict(enumerate(value))
    if not isinstance(value, dict):
        return {prefix: value}
    return {key: leaf for name, inner in value.items() for key, leaf in _flat(f"{prefix}.{name}", inner).items()}
