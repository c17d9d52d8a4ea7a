"""The commands that a run names at its end run on its data: images without labels, in sub-folders, or in groups."""

import shlex

import numpy as np
import pytest
import tensorflow as tf

from ugvae_tf.commands.main import call
from ugvae_tf.commands.next_steps import next_steps
from ugvae_tf.commands.train import parse_training

SMALL = "--hidden-units 8 --local-size 2 --global-size 3 --components 2 --epochs 0 --group-size 20 "
SMALL += "--groups-per-step 2 --body mlp --image-size 8 --normalisation none"


@pytest.fixture
def data(tmp_path):
    """70 images: in one folder, in four folders, and in a file with an array `owner`."""
    images = np.random.default_rng(0).integers(256, size=(70, 8, 8, 3), dtype=np.uint8)
    for number, image in enumerate(images):
        for name in (f"my flat/{number}.png", f"folders/{number % 4}/{number}.png"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(tf.io.encode_png(image).numpy())
    np.savez(tmp_path / "owned.npz", image=images, owner=np.arange(70) % 4)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("dataset", "place", "flags", "encodes"),
    [
        ("folder", "my flat", [], False),
        ("folder", "folders", [], True),
        ("npz", "owned.npz", ["--group-by", "owner", "--min-group-size", "2"], True),
    ],
)
def test_every_command_that_a_run_names_runs_on_its_data(data, monkeypatch, capsys, dataset, place, flags, encodes):
    monkeypatch.chdir(data)
    call(
        "train",
        ["--dataset", dataset, "--data-dir", place, "--output-dir", "my runs", *SMALL.split(), *flags],
        "ugvae train",
    )
    _, _, named = capsys.readouterr().out.partition("Next: ")
    commands = [shlex.split(line) for line in named.splitlines()]
    tasks = [command[3] for command in commands if command[1] == "evaluate"]
    assert tasks == ["reconstruction", "clustering", "traversal"] and len(commands) == 3 + encodes
    for prog, command, *arguments in commands:
        assert prog == "ugvae"
        call(command, arguments, f"ugvae {command}")
        assert "ritten to " in capsys.readouterr().out
    assert (data / "codes.npz").exists() == encodes


def test_a_model_without_a_part_gets_no_command_that_needs_it(exported, tmp_path):
    version = exported(model="vae")[1] / "1"
    for model, names in {"vae": ["reconstruction"], "gm-vae": ["reconstruction", "clustering"]}.items():
        request = parse_training(["--model", model, "--output-dir", str(tmp_path)], "train.py")
        lines = next_steps(request, version, "train.py").splitlines()
        assert [line.split("--task ")[1].split()[0] for line in lines] == names
        assert all("python evaluate.py" in line for line in lines)
