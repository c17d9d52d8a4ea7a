"""train.py as its users run it, in processes of its own: runs, kills, interrupts, workers, mistakes."""

import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from ugvae_tf.commands.main import call
from ugvae_tf.serving import messages

ROOT = Path(__file__).parents[1]
SMALL = ["--hidden-units", "8", "--local-size", "2", "--global-size", "3", "--components", "2"]


def start(*arguments, largest: int | None = None, **environment) -> subprocess.Popen:
    """train.py in a process; with `largest`, a file with more bytes cannot be written, as on a full disk."""

    def limit() -> None:
        if largest is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))

    return subprocess.Popen(
        [sys.executable, ROOT / "train.py", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1", **environment},
        preexec_fn=limit,
    )


def run(*arguments, **environment) -> subprocess.CompletedProcess:
    process = start(*arguments, **environment)
    out, err = process.communicate(timeout=240)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def state(folder: Path) -> dict[str, np.ndarray]:
    """All variables of the newest checkpoint, the optimiser's too; not how often it was saved."""
    reader = tf.train.load_checkpoint(tf.train.latest_checkpoint(folder / "checkpoints"))
    keys = [key for key in reader.get_variable_to_dtype_map() if key.startswith(("model/", "optimizer/"))]
    return {key: reader.get_tensor(key) for key in keys}


def warm_up_shape(version: Path) -> list[int]:
    """Of the images in the request that warms `serving_default` up."""
    *_, last = tf.data.TFRecordDataset(str(version / "assets.extra" / "tf_serving_warmup_requests"))
    [images] = messages.PredictionLog.FromString(last.numpy()).predict_log.request.inputs
    return [dim.size for dim in images.value.tensor_shape.dim]


@pytest.fixture(scope="module")
def flags(tiny_data_dir):
    """503 groups of one image, one by one: an epoch of some seconds."""
    return [
        "--dataset",
        "tiny",
        "--data-dir",
        tiny_data_dir,
        "--group-size",
        1,
        "--groups-per-step",
        1,
        "--epochs",
        2,
        "--validation-share",
        0,
        *SMALL,
    ]


@pytest.fixture(scope="module")
def finished(flags, tmp_path_factory):
    """The folder of a run that nobody disturbed, and what it printed."""
    output = tmp_path_factory.mktemp("runs")
    result = run(*flags, "--output-dir", output)
    assert result.returncode == 0, result.stderr
    return output / "tiny", result.stdout


@pytest.mark.slow
def test_a_run_leaves_all_that_it_promises(finished):
    folder, printed = finished
    config = json.loads((folder / "config.json").read_text())
    assert config["model"]["components"] == 2 and config["training"]["seed"] == 0
    assert config["image_shape"] == [7, 5, 1] and config["training_images"] == 503 and config["versions"]["keras"]
    assert (folder / "1" / "assets.extra" / "config.json").read_text() == (folder / "config.json").read_text()
    assert warm_up_shape(folder / "1") == [1, 1, 7, 5, 1]  # a group of --group-size images
    header, *rows = (folder / "history.csv").read_text().splitlines()
    assert len(rows) == 2 and {"epoch", "loss", "log_px", "kl_beta", "val_loss", "val_kl_d"} <= set(header.split(","))
    assert {path.name for path in (folder / "figures").iterdir()} == {
        "training.png",
        "reconstructions.png",
        "samples.png",
    }
    assert list((folder / "logs" / "train").glob("events*")) and list((folder / "logs" / "validation").glob("events*"))
    assert f"Exported to {folder / '1'}" in printed and "evaluate.py" in printed.splitlines()[-1]
    assert not [path for path in folder.iterdir() if "partial" in path.name]


@pytest.mark.slow
@pytest.mark.parametrize(("stop", "epochs"), [(signal.SIGINT, 0), (signal.SIGKILL, 1)], ids=["Ctrl-C", "kill -9"])
def test_a_stopped_run_resumes_to_the_same_weights(flags, finished, tmp_path, stop, epochs):
    process = start(*flags, "--output-dir", tmp_path)
    folder = tmp_path / "tiny"
    while not (folder / ("checkpoints/ckpt-1.index" if epochs else "history.csv")).exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    time.sleep(0.1)  # within the epoch
    process.send_signal(stop)
    _, err = process.communicate(timeout=240)
    assert not (folder / "1").exists() and len((folder / "history.csv").read_text().splitlines()) == 2 * epochs
    if stop == signal.SIGINT:
        assert process.returncode == 130 and f"Stopped after {epochs} epochs and" in err and "--resume" in err
    resumed = run(*flags, "--output-dir", tmp_path, "--resume")
    assert resumed.returncode == 0, resumed.stderr
    undisturbed = state(finished[0])
    assert undisturbed["optimizer/_iterations/.ATTRIBUTES/VARIABLE_VALUE"] == 2 * 503
    for key, value in state(folder).items():
        np.testing.assert_array_equal(value, undisturbed[key], err_msg=key)
    assert len((folder / "history.csv").read_text().splitlines()) == 3


@pytest.mark.slow
def test_a_full_disk_ends_a_run_in_one_sentence_and_the_run_goes_on_afterwards(flags, tmp_path):
    few = [*flags, "--group-size", 50, "--output-dir", tmp_path]
    full = run(*few, largest=6000)  # more than config.json needs, and less than a checkpoint
    assert full.returncode == 2 and "Traceback" not in full.stderr, full.stderr
    assert "tiny cannot be written" in full.stderr and "continue with the same command and --resume" in full.stderr
    assert not list((tmp_path / "tiny" / "checkpoints").glob("*.index"))
    resumed = run(*few, "--resume")
    assert resumed.returncode == 0, resumed.stderr
    assert len((tmp_path / "tiny" / "history.csv").read_text().splitlines()) == 3


@pytest.mark.slow
def test_ctrl_c_in_the_validation_ends_the_run_after_the_row_and_the_checkpoint(flags, finished, tmp_path):
    """Of a run with one step in an epoch: there is no later step at which it could end."""
    one_step = [*flags, "--group-size", 503, "--epochs", 3, "--output-dir", tmp_path]
    process = start(*one_step)
    folder = tmp_path / "tiny"
    while not (folder / "history.csv").exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=240)
    assert process.returncode == 130 and "Stopped after 1 epochs and 0 of 1 steps" in err, err
    assert len((folder / "history.csv").read_text().splitlines()) == 2
    assert (folder / "checkpoints" / "ckpt-1.index").exists()
    resumed = run(*one_step, "--resume")
    assert resumed.returncode == 0, resumed.stderr
    epochs = [row.split(",")[0] for row in (folder / "history.csv").read_text().splitlines()]
    assert epochs == ["epoch", "0", "1", "2"]


@pytest.mark.slow
def test_an_existing_run_is_kept_unless_told_otherwise(flags, finished):
    folder, _ = finished
    output = ["--output-dir", folder.parent]
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    for refused, told in [
        ([], "--resume to continue it, --overwrite"),
        (["--resume", "--components", 3], "components is 2, not 3"),
        (["--resume", "--overwrite"], "give one of them"),
        (["--preset", "mnist-official", "--resume", "--group-size", 2], "group_size is 1, not 2"),
    ]:
        result = run(*flags, *output, *refused)
        assert result.returncode == 2 and told in result.stderr
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    fewer = run("--dataset", "tiny", *output, "--resume", "--epochs", 1)
    assert fewer.returncode == 2 and "2 epochs of this run are done: give --epochs of that number" in fewer.stderr
    config = (folder / "config.json").read_text()
    (folder / "config.json").write_text(re.sub('"data_checksum": "[0-9a-f]{16}"', '"data_checksum": "other"', config))
    others = run("--dataset", "tiny", *output, "--resume", "--epochs", 3)
    assert others.returncode == 2 and "training images are not those of the run" in others.stderr, others.stderr
    (folder / "config.json").write_text(config)
    complete = run("--dataset", "tiny", *output, "--resume")
    assert complete.returncode == 0 and "raise --epochs to continue it" in complete.stdout
    overwritten = run(*flags, *output, "--overwrite")  # the same run again is a version of its own
    assert overwritten.returncode == 0, overwritten.stderr
    assert (folder / "1").is_dir() and (folder / "2").is_dir()
    assert len((folder / "history.csv").read_text().splitlines()) == 3


@pytest.mark.slow
def test_a_loss_that_is_not_finite_exports_nothing(flags, tmp_path):
    changed = ["--learning-rate", 1e29, "--validation-share", 0.1, "--early-stopping", 1]
    result = run(*flags, "--output-dir", tmp_path, *changed)
    assert result.returncode == 2 and "a smaller --learning-rate than 1e+29" in result.stderr, result.stderr
    assert result.stderr.count("train.py: error:") == 1 and "Traceback" not in result.stderr
    assert not list((tmp_path / "tiny").glob("[0-9]*")) and not list((tmp_path / "tiny" / "checkpoints").glob("*"))


@pytest.mark.slow
def test_no_epoch_exports_the_initial_weights_from_which_a_resumed_run_trains(flags, finished, tmp_path):
    started = run(*flags, "--epochs", 0, "--schedule", "cosine", "--output-dir", tmp_path)
    assert started.returncode == 0, started.stderr
    folder = tmp_path / "tiny"
    assert "these are the initial weights" in started.stdout and (folder / "1" / "saved_model.pb").exists()
    assert not (folder / "history.csv").exists()
    assert {path.name for path in (folder / "figures").iterdir()} == {"reconstructions.png", "samples.png"}
    trained = run(*flags, "--output-dir", tmp_path, "--resume")
    assert trained.returncode == 0, trained.stderr
    undisturbed = state(finished[0])
    for key, value in state(folder).items():
        np.testing.assert_array_equal(value, undisturbed[key], err_msg=key)


def start_workers(*flags) -> list[subprocess.Popen]:
    """Two workers on this machine."""
    ports = []
    for _ in range(2):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            ports.append(f"127.0.0.1:{free.getsockname()[1]}")
    clusters = [{"cluster": {"worker": ports}, "task": {"type": "worker", "index": index}} for index in range(2)]
    return [start(*flags, TF_CONFIG=json.dumps(cluster)) for cluster in clusters]


@pytest.fixture
def two_workers(tiny_data_dir, tmp_path):
    """The flags of a run of two workers."""
    flags = ["--dataset", "tiny", "--data-dir", tiny_data_dir, "--group-size", 7, "--groups-per-step", 2, *SMALL]
    return [*flags, "--output-dir", tmp_path]


@pytest.mark.slow
def test_a_worker_ends_in_one_sentence_when_another_is_killed_and_both_resume_to_the_same_losses(two_workers, tmp_path):
    killed = 0  # the chief, which writes the checkpoints
    workers = start_workers(*two_workers, "--epochs", 1000)
    while not (tmp_path / "tiny" / "checkpoints" / "ckpt-2.index").exists():
        assert workers[0].poll() is None, workers[0].communicate()
        time.sleep(0.05)
    workers[killed].kill()
    _, err = workers[1 - killed].communicate(timeout=60)
    assert workers[1 - killed].returncode == 2 and "Traceback" not in err, err
    assert "Another worker of the cluster has ended" in err and "--resume" in err
    workers[killed].communicate()
    epochs = len((tmp_path / "tiny" / "history.csv").read_text().splitlines()) + 1
    resumed = start_workers(*two_workers, "--epochs", epochs, "--resume")
    printed = [worker.communicate(timeout=240) for worker in resumed]
    assert [worker.returncode for worker in resumed] == [0, 0], printed
    losses = [re.findall(r"loss: (-?[\d.e+]+)", out) for out, _ in printed]
    assert len(losses[0]) >= 2 and losses[0] == losses[1]
    assert (tmp_path / "tiny" / "1" / "saved_model.pb").exists() and not (tmp_path / "tiny" / "2").exists()
    assert len((tmp_path / "tiny" / "history.csv").read_text().splitlines()) == epochs + 1


@pytest.mark.slow
def test_a_folder_of_pictures_trains_a_convolutional_model_that_can_be_evaluated(tmp_path, capsys):
    """Pictures of mixed sizes, grey and coloured, one of them damaged."""
    random, pictures = np.random.default_rng(0), tmp_path / "pictures"
    for number in range(41):
        shape = (17 + number % 3, 23, 3 if number % 2 else 1)
        content = tf.io.encode_png(random.integers(256, size=shape, dtype=np.uint8)).numpy()
        (pictures / f"kind{number % 2}").mkdir(parents=True, exist_ok=True)
        (pictures / f"kind{number % 2}" / f"{number}.png").write_bytes(content)
    (pictures / "kind0" / "damaged.png").write_bytes(content[:50])
    flags = ["--dataset", "folder", "--data-dir", pictures, "--image-size", 16, "--output-dir", tmp_path, *SMALL]
    flags += ["--group-size", 3, "--groups-per-step", 2, "--epochs", 2]  # the tests have two replicas
    with pytest.raises(SystemExit, match="2"):
        call("train", list(map(str, flags)), "train.py")
    told = capsys.readouterr().err
    assert "damaged.png cannot be decoded" in told and "--corrupt skip" in told and not (tmp_path / "folder").exists()
    trained = run(*flags, "--corrupt", "skip")
    assert trained.returncode == 0, trained.stderr
    command = [sys.executable, ROOT / "evaluate.py", "--saved-model", tmp_path / "folder", "--task", "reconstruction"]
    evaluated = subprocess.run(command, capture_output=True, text=True)
    assert evaluated.returncode == 0, evaluated.stderr
    assert "kind0" in evaluated.stdout and "kind1" in evaluated.stdout
