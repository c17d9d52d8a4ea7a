"""The commands that `ugvae train` names at its end: each runs on the data of that very run. Without TensorFlow."""

import shlex
from pathlib import Path

from ugvae_tf.commands.flags import typed
from ugvae_tf.config import DataConfig
from ugvae_tf.serving import saved_model
from ugvae_tf.training.request import TrainRequest

OWN = ("folder", "npz")


def next_steps(request: TrainRequest, version: Path, prog: str) -> str:
    """One command a line: tasks that need no label, then the codes of the groups if there are any."""
    model, folder = request.config.model, shlex.quote(str(request.folder.path))
    tasks = ["reconstruction", *["clustering"] * model.has_mixture, *["traversal"] * model.has_beta]
    few = _fewer(request, version)
    lines = [f"{typed('evaluate', prog)} --task {task} --saved-model {folder}{few}" for task in tasks]
    if (model.has_beta or model.has_mixture) and (groups := _groups(request.config.data)):
        encode = "python -m ugvae_tf encode" if prog.endswith(".py") else "ugvae encode"  # there is no encode.py
        lines.append(f"{encode} --saved-model {folder} {groups} --output codes.npz")
    return "\n      ".join([f"Next: {lines[0]}", *lines[1:]])


def _groups(data: DataConfig) -> str | None:
    """The flags of `ugvae encode` for the groups that exist in the data; None: there are none."""
    by = f" --group-by {shlex.quote(data.group_by)}" if data.group_by else ""
    place = f"--data-dir {shlex.quote(data.data_dir)}" if data.data_dir else ""
    if data.dataset == "folder" and data.group_by in (None, "label"):  # the sub-folders
        return place if any(each.is_dir() for each in Path(str(data.data_dir)).iterdir()) else None
    if not by or "+" in data.dataset:
        return None
    source = place if data.dataset in OWN else f"--dataset {data.dataset} {place}".strip()
    return source + by


def _fewer(request: TrainRequest, version: Path) -> str:
    """The flag for groups of all held-out images, if they do not fill a group as in training."""
    held_out = saved_model.read_config(version).get("held_out_images") or 0
    return f" --group-size {held_out}" if 0 < held_out < request.config.data.group_size else ""
