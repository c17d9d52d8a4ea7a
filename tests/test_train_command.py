"""train.py as its users run it, in processes of its own: runs, kills, interrupts, workers, mistakes."""

import fcntl
import json
import os
import pty
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from ugvae_tf.commands.main import call
from ugvae_tf.serving import messages

ROOT = Path(__file__).parents[1]
SMALL = ["--hidden-units", "8", "--local-size", "2", "--global-size", "3", "--components", "2"]


def start(*arguments, **environment) -> subprocess.Popen:
    """train.py in a process."""
    return _process(arguments, environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def start_on_a_full_disk(*arguments, largest: int) -> subprocess.Popen:
    """A file with more than `largest` bytes cannot be written."""
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))  # noqa: E731
    return _process(arguments, {}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=limit)


def start_in_a_terminal(*arguments) -> tuple[subprocess.Popen, int]:
    """train.py as the foreground process of a terminal, and the file that closes the terminal: the kernel hangs up."""
    outside, inside = pty.openpty()
    take = lambda: fcntl.ioctl(0, termios.TIOCSCTTY)  # noqa: E731
    streams = {"stdin": inside, "stdout": inside, "stderr": inside}
    process = _process(arguments, {}, **streams, start_new_session=True, preexec_fn=take)
    os.close(inside)
    threading.Thread(target=_drain, args=[outside], daemon=True).start()
    return process, outside


def _drain(file: int) -> None:
    """Read what a process writes to its terminal, until it is closed."""
    try:
        while os.read(file, 1 << 16):
            pass
    except OSError:
        return


def _process(arguments, environment: dict, **settings) -> subprocess.Popen:
    command = [sys.executable, ROOT / "train.py", *map(str, arguments)]
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1", **environment}
    return subprocess.Popen(command, text=True, env=environment, **settings)


def run(*arguments, starting: Callable = start, **settings) -> subprocess.CompletedProcess:
    process = starting(*arguments, **settings)
    out, err = process.communicate(timeout=240)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def wait_for(happened: Callable[[], bool], process: subprocess.Popen) -> None:
    while not happened():
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)


def here(capsys, *arguments) -> tuple[int, str]:
    """train.py in this process, which has two replicas and needs no start: its exit status, and all that it prints."""
    status = 0
    try:
        call("train", list(map(str, arguments)), "train.py")
    except SystemExit as end:
        status = end.code
    printed = capsys.readouterr()
    return status, printed.out + printed.err


def state(folder: Path) -> dict[str, np.ndarray]:
    """All variables of the newest checkpoint, the optimiser's too; not how often it was saved."""
    reader = tf.train.load_checkpoint(tf.train.latest_checkpoint(folder / "checkpoints"))
    keys = [key for key in reader.get_variable_to_dtype_map() if key.startswith(("model/", "optimizer/"))]
    return {key: reader.get_tensor(key) for key in keys}


def scalars(folder: Path) -> dict[str, list[float]]:
    """The values of each tag in the event files of a folder, in their order."""
    found: dict[str, list[float]] = {}
    for file in sorted(folder.glob("events*")):
        for event in tf.compat.v1.train.summary_iterator(str(file)):
            for value in event.summary.value:
                tensor = tf.make_ndarray(value.tensor)
                found.setdefault(value.tag, []).append(
                    float(tensor) if tensor.shape == () and tensor.dtype.kind == "f" else 0.0
                )
    return found


def warm_up_shape(version: Path) -> list[int]:
    """Of the images in the request that warms `serving_default` up."""
    *_, last = tf.data.TFRecordDataset(str(version / "assets.extra" / "tf_serving_warmup_requests"))
    [images] = messages.PredictionLog.FromString(last.numpy()).predict_log.request.inputs
    return [dim.size for dim in images.value.tensor_shape.dim]


@pytest.fixture(scope="module")
def flags(tiny_data_dir):
    """251 steps of two groups of one image: an epoch of a second or more."""
    return [
        "--dataset",
        "tiny",
        "--data-dir",
        tiny_data_dir,
        "--group-size",
        1,
        "--groups-per-step",
        2,
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
    names = json.loads((folder / "1" / "assets.extra" / "component_names.json").read_text())
    assert names["label"] == "label" and len(names["names"]) == 2 and set(names["components"]) == {"0", "1", "2"}
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
def test_the_terminal_of_a_run_in_a_pipe(finished):
    """The banner, a row for every epoch, the verdict; at most 80 characters but for paths, no control characters."""
    folder, printed = finished
    lines = printed.splitlines()
    assert not set(printed) - {chr(code) for code in range(32, 127)} - {"\n"}
    assert all(len(line) <= 80 or str(folder) in line for line in lines)
    begins = [line.partition(":")[0] for line in lines]
    assert begins[begins.index("Data") :][:2] == ["Data", "Preset"] and "Groups" in begins and "Folder" in begins
    assert "tiny, 7x5x1: 503 training images, 17 held-out images" in printed
    rows = [line.split() for line in lines if re.match(r" *\d/2 ", line)]
    history = (folder / "history.csv").read_text().splitlines()
    losses = [float(dict(zip(history[0].split(","), row.split(","), strict=True))["val_loss"]) for row in history[1:]]
    assert [row[0] for row in rows] == ["1/2", "2/2"] and rows[-1][-1] == "0:00"
    assert [float(row[6]) for row in rows] == pytest.approx(losses, abs=0.006)
    assert any(line.startswith("Trained 2 epochs in ") for line in lines)
    assert any(line.startswith("Verdict: ") for line in lines)


@pytest.mark.slow
def test_tensorboard_has_the_run(finished):
    folder, _ = finished
    logs = folder / "logs"
    train, validation, run = (scalars(logs / name) for name in ("train", "validation", "run"))
    header, *rows = (row.split(",") for row in (folder / "history.csv").read_text().splitlines())
    history = {name: [float(row[place]) for row in rows] for place, name in enumerate(header)}
    assert validation.keys() == {"loss/epoch", *(f"terms/{name}" for name in ("log_px", "kl_z", "kl_d", "kl_beta"))}
    assert train.keys() == validation.keys() | {"loss/step"} and min(train) == "loss/epoch"
    for name, prefix, found in [("train", "", train), ("validation", "val_", validation)]:
        assert found["loss/epoch"] == pytest.approx(history[f"{prefix}loss"], rel=1e-5), name
        assert found["terms/kl_z"] == pytest.approx(history[f"{prefix}kl_z"], rel=1e-5), name
    executions = [31] * 8 + [3]  # the 251 steps of an epoch; their mean is that of the epoch
    assert len(train["loss/step"]) == 2 * len(executions)
    first_epoch = np.average(train["loss/step"][: len(executions)], weights=executions)
    assert first_epoch == pytest.approx(history["loss"][0], rel=1e-5)
    assert run["result/loss"] == pytest.approx(history["val_loss"][-1:])
    assert {"settings", "verdict", "pictures/reconstructions", "pictures/samples"} <= run.keys()
    assert any(tag.startswith("custom_scalars") for tag in run) and any("hparams" in tag for tag in run)
    assert {"codes.tsv", "groups.tsv", "sprite.png", "projector_config.pbtxt"} <= {
        path.name for path in (logs / "run").iterdir()
    }


@pytest.mark.slow
def test_a_run_that_was_disturbed_in_every_way_ends_as_the_undisturbed_one(flags, finished, tmp_path, capsys):
    """Begun anew over an earlier run; without an epoch, on a full disk, in a terminal that closes, and killed."""
    folder = shutil.copytree(finished[0], tmp_path / "tiny")
    output, resume = ["--output-dir", tmp_path], ["--output-dir", tmp_path, "--resume"]
    status, told = here(capsys, *flags, "--epochs", 0, "--schedule", "cosine", *output, "--overwrite")
    assert status == 0, told
    _has_initial_weights(folder, told)
    _fill_the_disk(folder, [*flags, *resume])
    _close_the_terminal(folder, [*flags, *resume])
    _kill_in_the_second_epoch(folder, [*flags, *resume])
    ended = run(*flags, *resume)
    assert ended.returncode == 0, ended.stderr
    undisturbed, found = state(finished[0]), state(folder)
    assert undisturbed["optimizer/_iterations/.ATTRIBUTES/VARIABLE_VALUE"] == 2 * 251
    assert found.keys() == undisturbed.keys()
    for key, value in found.items():
        np.testing.assert_array_equal(value, undisturbed[key], err_msg=key)
    assert (folder / "history.csv").read_text() == (finished[0] / "history.csv").read_text()
    weights = [next((path / "variables").glob("*.data*")) for path in (folder / "3", finished[0] / "1")]
    assert weights[0].read_bytes() == weights[1].read_bytes() and not (folder / "4").exists()


def _has_initial_weights(folder: Path, told: str) -> None:
    """The initial weights are exported; the version of the overwritten run stays."""
    assert "these are the initial weights" in told and (folder / "2" / "saved_model.pb").exists()
    assert not (folder / "history.csv").exists() and (folder / "1" / "saved_model.pb").exists()
    assert {path.name for path in (folder / "figures").iterdir()} == {"reconstructions.png", "samples.png"}


def _fill_the_disk(folder: Path, arguments: list) -> None:
    full = run(*arguments, starting=start_on_a_full_disk, largest=6000)  # more than config.json, less than a checkpoint
    assert full.returncode == 2 and "Traceback" not in full.stderr, full.stderr
    assert "tiny cannot be written" in full.stderr and "continue with the same command and --resume" in full.stderr
    assert [path.name for path in (folder / "checkpoints").glob("*.index")] == ["ckpt-1.index"]
    assert len((folder / "history.csv").read_text().splitlines()) == 2


def _close_the_terminal(folder: Path, arguments: list) -> None:
    """In the first epoch, whose row counts its steps before and after."""
    before = (folder / "history.csv").stat().st_mtime_ns
    process, terminal = start_in_a_terminal(*arguments)
    wait_for(lambda: (folder / "history.csv").stat().st_mtime_ns > before, process)
    os.close(terminal)
    assert process.wait(timeout=240) == 130
    stopped = json.loads((folder / "checkpoints" / "epoch.json").read_text())["step"]
    assert 0 < stopped < 251 and (folder / "checkpoints" / "ckpt-2.index").exists()


def _kill_in_the_second_epoch(folder: Path, arguments: list) -> None:
    process = start(*arguments)
    wait_for((folder / "checkpoints" / "ckpt-3.index").exists, process)
    time.sleep(0.1)  # within the epoch
    process.kill()
    process.communicate(timeout=240)
    assert not (folder / "3").exists() and len((folder / "history.csv").read_text().splitlines()) == 2


@pytest.mark.slow
def test_a_signal_in_the_validation_ends_the_run_after_the_row_and_the_checkpoint(flags, tmp_path, capsys):
    """Of a run with one step in an epoch: there is no later step at which it could end."""
    one_step, folder = [*flags, "--group-size", 251, "--epochs", 3, "--output-dir", tmp_path], tmp_path / "tiny"
    for epochs, number in enumerate([signal.SIGTERM, signal.SIGINT], start=1):
        threading.Thread(target=_signal_with_the_row, args=[folder, number, time.time_ns()], daemon=True).start()
        status, printed = here(capsys, *one_step, *(["--resume"] if epochs > 1 else []))
        assert status == 130 and f"Stopped after {epochs} epochs and 0 of 1 steps" in printed, printed
        assert "--resume" in printed and len((folder / "history.csv").read_text().splitlines()) == 1 + epochs
        assert (folder / "checkpoints" / f"ckpt-{epochs}.index").exists()
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    assert here(capsys, *one_step, "--resume")[0] == 0
    rows = [row.split(",")[0] for row in (folder / "history.csv").read_text().splitlines()]
    assert rows == ["epoch", "0", "1", "2"]


def _signal_with_the_row(folder: Path, number: int, after: int) -> None:
    """Send a signal to this process when training has begun, which touches history.csv."""
    history = folder / "history.csv"
    while not (history.exists() and history.stat().st_mtime_ns > after):
        time.sleep(0.02)
    os.kill(os.getpid(), number)


@pytest.mark.slow
def test_an_existing_run_is_kept_unless_told_otherwise(flags, finished, capsys):
    folder, _ = finished
    output = ["--output-dir", folder.parent]
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    for refused, told in [
        ([], "--resume to continue it, --overwrite"),
        (["--resume", "--components", 3], "components is 2, not 3"),
        (["--resume", "--overwrite"], "give one of them"),
        (["--preset", "mnist-official", "--resume", "--group-size", 2], "group_size is 1, not 2"),
    ]:
        status, printed = here(capsys, *flags, *output, *refused)
        assert status == 2 and told in printed
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    status, printed = here(capsys, "--dataset", "tiny", *output, "--resume", "--epochs", 1)
    assert status == 2 and "2 epochs of this run are done: give --epochs of that number" in printed
    config = (folder / "config.json").read_text()
    (folder / "config.json").write_text(re.sub('"data_checksum": "[0-9a-f]{16}"', '"data_checksum": "other"', config))
    status, printed = here(capsys, "--dataset", "tiny", *output, "--resume", "--epochs", 3)
    assert status == 2 and "training images are not those of the run" in printed, printed
    (folder / "config.json").write_text(config)
    status, printed = here(capsys, "--dataset", "tiny", *output, "--resume")
    assert status == 0 and "raise --epochs to continue it" in printed


@pytest.mark.slow
def test_a_loss_that_is_not_finite_exports_nothing(flags, tmp_path, capsys):
    changed = ["--learning-rate", 1e29, "--validation-share", 0.1, "--early-stopping", 1]
    status, printed = here(capsys, *flags, "--output-dir", tmp_path, *changed)
    assert status == 2 and "a smaller --learning-rate than 1e+29" in printed, printed
    assert printed.count("train.py: error:") == 1 and "Traceback" not in printed
    assert not list((tmp_path / "tiny").glob("[0-9]*")) and not list((tmp_path / "tiny" / "checkpoints").glob("*"))


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
    rows = [[line.split()[:-2] for line in out.splitlines() if re.match(r" *\d+/\d+ ", line)] for out, _ in printed]
    assert len(rows[0]) >= 1 and rows[0] == rows[1]  # but for images a second and the time left
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
