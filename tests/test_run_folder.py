"""What a run may write, replace and delete in its folder, and what is left after a kill."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ugvae_tf.config import Config, to_json
from ugvae_tf.errors import UserError
from ugvae_tf.files import replace_text, written_to
from ugvae_tf.serving import saved_model
from ugvae_tf.training.history import History
from ugvae_tf.training.run_folder import RunFolder

ROOT = Path(__file__).parents[1]


@pytest.fixture
def run(tmp_path):
    """The folder of a finished run with one exported version."""
    folder = RunFolder(str(tmp_path), "mine")
    for place in ("1", "checkpoints", "logs/train", "logs/mine", "figures"):
        (folder.path / place).mkdir(parents=True)
    folder.write_config(to_json(Config()))
    folder.history.write(0, {"loss": 3.0, "val_loss": 4.0})
    for name in ("checkpoints/ckpt-1.index", "checkpoints/checkpoint", "figures/training.png", "logs/train/events"):
        (folder.path / name).write_text("of the run")
    for name in ("logs/mine/notes.txt", "figures/photo.png", "figures.txt"):
        (folder.path / name).write_text("of the user")
    return folder


def files(folder: RunFolder) -> set[str]:
    return {path.relative_to(folder.path).as_posix() for path in folder.path.rglob("*") if path.is_file()}


def test_a_second_run_in_a_folder_is_refused_at_once_and_a_dead_process_holds_no_lock(run):
    holding = (
        "import sys; from ugvae_tf.training.run_folder import RunFolder; folder = RunFolder(*sys.argv[1:]);"
        "folder.lock.take(); print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", holding, str(run.path.parent), "mine"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        with pytest.raises(UserError, match=rf"mine is in use by process {process.pid} on .*: wait until"):
            run.claim(resume=True, overwrite=False)
        for resume in (True, False):  # while flags are read, too
            with pytest.raises(UserError, match=f"mine is in use by process {process.pid} on "):
                RunFolder(str(run.path.parent), "mine").check(resume, overwrite=not resume)
        process.kill()
    with run.lock:
        run.claim(resume=True, overwrite=False)
        with pytest.raises(UserError, match=f"in use by process {os.getpid()} "):
            RunFolder(str(run.path.parent), "mine").lock.take()
    RunFolder(str(run.path.parent), "mine").lock.take()


def test_a_run_that_began_while_another_read_its_data_is_kept(tmp_path):
    late = RunFolder(str(tmp_path), "mine")
    late.check(resume=False, overwrite=False)
    early = RunFolder(str(tmp_path), "mine")
    with early.lock:
        early.claim(resume=False, overwrite=False)
        early.checkpoints.mkdir()
    with pytest.raises(UserError, match="already has a run"):
        late.claim(resume=False, overwrite=False)


def test_overwrite_deletes_what_a_run_wrote_and_nothing_else(run):
    run.claim(resume=False, overwrite=True)
    assert files(run) == {"config.json", ".lock", "logs/mine/notes.txt", "figures/photo.png", "figures.txt"}
    assert run.versions() == [1] and not run.holds_training


@pytest.mark.parametrize("moves", range(8))
def test_a_kill_within_overwrite_leaves_no_run(run, monkeypatch, moves):
    """The process dies before one of the renames, or before the last deletion."""
    done = iter(range(moves))

    def dying(path, target, replace=Path.replace):
        if next(done, None) is None:
            raise KeyboardInterrupt
        return replace(path, target)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Path, "replace", dying)
        patched.setattr("shutil.rmtree", lambda folder: (_ for _ in ()).throw(KeyboardInterrupt))
        run.claim(resume=False, overwrite=True)
    run.lock.__exit__()
    again = RunFolder(str(run.path.parent), "mine")
    with pytest.raises(UserError, match="no run to resume"):
        again.check(resume=True, overwrite=False)
    again.claim(resume=False, overwrite=False)
    assert files(again) == {"config.json", ".lock", "logs/mine/notes.txt", "figures/photo.png", "figures.txt"}


def test_a_config_json_that_is_not_that_of_a_run_stays(tmp_path):
    (tmp_path / "mine").mkdir()
    foreign = tmp_path / "mine" / "config.json"
    foreign.write_text('{"theirs": 1}')
    with pytest.raises(UserError, match=r"config\.json is not that of a run, and stays as it is: choose another"):
        RunFolder(str(tmp_path), "mine").check(resume=False, overwrite=False)
    foreign.write_text(to_json(Config()))
    RunFolder(str(tmp_path), "mine").check(resume=False, overwrite=False)


def test_a_link_at_the_name_of_the_partial_file_is_not_followed(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("kept")
    (tmp_path / ".config.json.partial").symlink_to(victim)
    replace_text(tmp_path / "config.json", "new")
    assert (victim.read_text(), (tmp_path / "config.json").read_text()) == ("kept", "new")
    assert {path.name for path in tmp_path.iterdir()} == {"victim", "config.json"}


def test_the_history_has_one_row_for_every_epoch_in_their_order(tmp_path):
    history = History(tmp_path / "history.csv")
    for epoch, loss in [(0, 5.25), (1, 4.0), (2, 1e-7), (1, -3.5)]:  # resumed in the second epoch
        history.write(epoch, {"loss": loss, "val_loss": loss})
    assert history.rows() == [
        {"epoch": 0.0, "loss": 5.25, "val_loss": 5.25},
        {"epoch": 1.0, "loss": -3.5, "val_loss": -3.5},
    ]
    assert history.rows(1) == history.rows()[:1] and history.rows(0) == []
    assert history.path.read_text().splitlines()[1] == "0,5.25,5.25"


@pytest.mark.parametrize("text", ["epoch,loss\n0,\n", "loss\n3\n", "epoch,loss\n0,1\n1\n", "epoch,loss\nx,1\n"])
def test_a_damaged_history_is_told(tmp_path, text):
    (tmp_path / "history.csv").write_text(text)
    with pytest.raises(UserError, match=r"history\.csv is damaged: restore it"):
        History(tmp_path / "history.csv").rows()


def test_a_file_and_digits_of_other_kinds_are_no_versions(tmp_path):
    for name in ("1", "007", "\u0663", "\u00b2", "4x"):
        (tmp_path / name).mkdir()
    (tmp_path / "2").write_text("a file")
    assert saved_model.versions(tmp_path) == [1] and saved_model.next_version(tmp_path) == tmp_path / "3"


def test_what_cannot_be_written_is_one_sentence_and_leaves_the_old_text(tmp_path):
    (tmp_path / "config.json").write_text("old")
    (tmp_path / ".config.json.partial").mkdir()
    told = rf"{tmp_path} cannot be written \(.*\): free some space.*; then do it again"
    with pytest.raises(UserError, match=told), written_to(tmp_path, "do it again"):
        replace_text(tmp_path / "config.json", "new")
    assert (tmp_path / "config.json").read_text() == "old"


def test_too_little_space_is_found_before_anything_is_written(tmp_path):
    folder = RunFolder(str(tmp_path / "new"), "mine")
    with pytest.raises(UserError, match=r"needs 1000000000000 MB, but the disk of .* has \d+ MB free: free some"):
        folder.require_space(10**18)
    folder.require_space(1)
    assert not (tmp_path / "new").exists()
