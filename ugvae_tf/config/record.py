"""config.json: the settings of a run as text, and text of any version as settings."""

import dataclasses
import json
from dataclasses import replace
from typing import Any

from ugvae_tf.config.settings import Config, DataConfig, ModelConfig, TrainingConfig
from ugvae_tf.errors import UserError

BEFORE_VALIDATION = {"validation_share": 0.0}  # of a run whose config.json does not name the setting


def differences(old: Config, new: Config) -> list[str]:
    """The settings in which two configurations differ, each as 'name is old, not new'."""
    found = []
    for part in ("data", "model", "training"):
        before, after = getattr(old, part), getattr(new, part)
        for item in dataclasses.fields(before):
            if getattr(before, item.name) != getattr(after, item.name):
                found.append(f"{item.name} is {getattr(before, item.name)}, not {getattr(after, item.name)}")
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
    except ValueError as error:
        raise _not_ours(error) from error
    return from_content(content)


def from_content(content: Any) -> Config:
    """The configuration in the parsed content of a config.json; raises UserError for any other content."""
    try:
        return Config(
            preset=content["preset"],
            data=DataConfig(**_present_data(content["data"])),
            model=ModelConfig(**content["model"]),
            training=TrainingConfig(**{**BEFORE_VALIDATION, **content["training"]}),
        )
    except (KeyError, TypeError) as error:
        raise _not_ours(error) from error


def _present_data(data: dict[str, Any]) -> dict[str, Any]:
    """The data settings with present names: up to version 0.1 `group_by` also held the folder of a model."""
    if "group_by_clusters" in data or "/" not in (data.get("group_by") or ""):
        return data
    return {**data, "group_by": None, "group_by_clusters": data["group_by"]}


def _not_ours(error: Exception) -> UserError:
    return UserError(f"This config.json was not written by a compatible version of ugvae_tf: {error}.")
