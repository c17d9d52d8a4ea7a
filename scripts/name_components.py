"""Store names of the components with the newest version of a model, from a label of its training images.

Run `python scripts/name_components.py saved_models/glyphs` for a version that was exported without them.
"""

import argparse
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from ugvae_tf.commands.terminal import errors_for_people
from ugvae_tf.datasets.grouping import Grouping
from ugvae_tf.errors import UserError
from ugvae_tf.serving.component_names import NAME, ComponentNames, write_names
from ugvae_tf.serving.naming import component_names
from ugvae_tf.serving.saved_model import version_folder
from ugvae_tf.tasks.context import Context
from ugvae_tf.tasks.request import EvaluationRequest


def name_components(folder: Path, label: str | None = None) -> ComponentNames:
    """Name the components of the newest version in the folder, and store the names."""
    context = Context(EvaluationRequest("all", str(folder)))
    context.require("has_mixture", "components")
    grouping = Grouping(context.largest, label=context.group_label)
    components = context.model.settings.model.components
    names = component_names(context.model.encode_ragged, context.train, grouping, components, label)
    if names is None:
        labels = ", ".join(context.train.labels) or "none"
        raise UserError(f"No label names the components of {folder}: choose one with --label ({labels}).")
    write_names(version_folder(folder), names)
    return names


def main() -> None:
    """Name the components of every model in the arguments."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path, help="such as saved_models/glyphs")
    parser.add_argument("--label", help="label whose values are the names (default: the one that differs in groups)")
    asked = parser.parse_args()
    for folder in asked.folders:
        names = name_components(folder, asked.label)
        print(f"{version_folder(folder) / NAME}: {len(names.components)} values of {names.label}.")


if __name__ == "__main__":
    with errors_for_people("name_components.py"):
        main()
