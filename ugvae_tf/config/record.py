"""config.json: the settings of a run as text, and text of any version as settings."""

import dataclasses
import json
from dataclasses import replace
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from ugvae_tf.config.settings import Config, DataConfig, ModelConfig, TrainingConfig
from ugvae_tf.errors import UserError

Settings = TypeVar("Settings", DataConfig, ModelConfig, TrainingConfig)
BEFORE_VALIDATION = {"validation_share": 0.0}  # of a run whose config.json does not name the setting


def differences(old: Config, new: Config) -> list[str]:
    """The settings in which two configurations differ, each as 'name is old, not new'."""
    return [f"{name} is {before}, not {after}" for name, (before, after) in changed(old, new).items()]


def changed(old: Config, new: Config) -> dict[str, tuple[Any, Any]]:
    """The settings in which two configurations differ, with both values."""
    found = {}
    for part in ("data", "model", "training"):
        before, after = getattr(old, part), getattr(new, part)
        for item in dataclasses.fields(before):
            values = getattr(before, item.name), getattr(after, item.name)
            if values[0] != values[1]:
                found[item.name] = values
    return found


def with_epochs(config: Config, epochs: int) -> Config:
    """The same configuration, trained for another number of epochs."""
    return replace(config, training=replace(config.training, epochs=epochs))


def to_json(config: Config, **provenance: Any) -> str:
    """The text of config.json: the configuration, then the provenance of the model."""
    return json.dumps({**dataclasses.asdict(config), **provenance}, indent=2) + "\n"


def from_json(text: str) -> Config:
    """The configuration in the text of a config.json; raises UserError for any other text."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _not_ours(error) from error
    return from_content(content)


def from_content(content: Any) -> Config:
    """The configuration in the parsed content of a config.json; raises UserError for any other content."""
    try:
        return Config(
            preset=content["preset"],
            data=_typed(DataConfig, _present_data(content["data"])),
            model=_typed(ModelConfig, content["model"]),
            training=_typed(TrainingConfig, {**BEFORE_VALIDATION, **content["training"]}),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise _not_ours(error) from error


def _typed(cls: type[Settings], values: dict[str, Any]) -> Settings:
    """The dataclass with these values; raises TypeError for an unknown name or a value of another type."""
    for name, hint in get_type_hints(cls).items():
        if name in values and not _fits(values[name], hint):
            raise TypeError(f"{name} is {values[name]!r}")
    return cls(**values)


def _fits(value: Any, hint: Any) -> bool:
    """Whether the value is of the type of a field: a choice, a number, a text, or None where that is allowed."""
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    if get_args(hint):
        return any(_fits(value, each) for each in get_args(hint))
    if hint is float:
        hint = (int, float)
    return isinstance(value, hint) and (hint is bool or not isinstance(value, bool))


def _present_data(data: dict[str, Any]) -> dict[str, Any]:
    """The data settings with present names: up to version 0.1 `group_by` also held the folder of a model."""
    if "group_by_clusters" in data or "/" not in (data.get("group_by") or ""):
        return data
    return {**data, "group_by": None, "group_by_clusters": data["group_by"]}


def _not_ours(error: Exception) -> UserError:
    return UserError(f"This config.json was not written by a compatible version of ugvae_tf: {error}.")
