"""What a command says in a terminal: one clear sentence, status 2, nothing half-written, nothing of others."""

import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ugvae_tf.commands.main import call
from ugvae_tf.errors import UserError
from ugvae_tf.files import written_to

ROOT = Path(__file__).parents[1]


def train(*arguments) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, ROOT / "train.py", *map(str, arguments)], capture_output=True, text=True, timeout=120
    )


@pytest.mark.slow
def test_a_mistake_that_is_found_after_tensorflows_import_is_one_line(monkeypatch):
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL")
    result = train("--dataset", "nonsense")
    assert result.returncode == 2
    assert re.fullmatch(r"(Starting TensorFlow \.\.\. [\d.]+ s\n)?", result.stdout)
    assert result.stderr.splitlines() == [
        "train.py: error: Unknown data set 'nonsense'. Give the name of a TFDS image set, such as mnist."
    ]


def test_names_that_the_terminal_cannot_show_are_escaped():
    code = "from ugvae_tf.commands.terminal import end_process_after; end_process_after(lambda: print('\\u65e5a'))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, env=os.environ | {"PYTHONIOENCODING": "latin-1"}, cwd=ROOT
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, b"\\u65e5a\n", b"")


def test_a_closed_pipe_is_no_full_disk(tmp_path):
    with pytest.raises(BrokenPipeError), written_to(tmp_path, "go on"):
        raise BrokenPipeError
    with pytest.raises(UserError, match="free some space"), written_to(tmp_path, "go on"):
        raise OSError("disk full")


SPEAKS = """
import os, sys
from ugvae_tf.quiet import quiet_tensorflow
with quiet_tensorflow():
    os.write(2, b"C++ speaks. ")
    if sys.argv[1:]:
        import nothing_of_this_name
os.write(2, b"Afterwards.")
"""


@pytest.mark.parametrize(
    ("level", "arguments", "told", "hidden"),
    [
        ("3", [], "Afterwards.", "C++ speaks"),
        ("0", [], "C++ speaks. Afterwards.", "Traceback"),
        ("3", ["fail"], "No module named 'nothing_of_this_name'", "C++ speaks"),
    ],
)
def test_only_the_import_is_quiet_and_its_failure_is_not(monkeypatch, level, arguments, told, hidden):
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", level)
    result = subprocess.run([sys.executable, "-c", SPEAKS, *arguments], capture_output=True, text=True, cwd=ROOT)
    assert told in result.stderr and hidden not in result.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"], ["inspect", "mnist"]])
def test_a_reader_that_closes_the_pipe_ends_the_command_without_a_word(arguments):
    process = subprocess.Popen(
        [sys.executable, "-m", "ugvae_tf", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    )
    process.stdout.close()  # before the command prints
    assert process.stderr.read() == b""
    assert process.wait(timeout=120) == 1


TWO_THREADS = """
import os, threading, time
from ugvae_tf.quiet import quiet_tensorflow
def imports(begin, end):
    time.sleep(begin)
    with quiet_tensorflow():
        time.sleep(end - begin)
threads = [threading.Thread(target=imports, args=span) for span in [(0, 0.2), (0.1, 0.4)]]
for thread in threads: thread.start()
for thread in threads: thread.join()
os.write(2, os.environ.get("TF_CPP_MIN_LOG_LEVEL", "Afterwards.").encode())
"""


def test_two_threads_that_import_at_once_leave_standard_error_as_it_was(monkeypatch):
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
    result = subprocess.run([sys.executable, "-c", TWO_THREADS], capture_output=True, text=True, cwd=ROOT)
    assert result.stderr == "Afterwards."


KERNELS = """
import os, sys
import ugvae_tf
if sys.argv[1:]:
    from tensorflow.python.util import _pywrap_util_port
    print(_pywrap_util_port.IsMklEnabled())
print(os.environ["TF_ENABLE_ONEDNN_OPTS"])
"""


def kernels(*arguments) -> str:
    return subprocess.run([sys.executable, "-c", KERNELS, *arguments], capture_output=True, text=True, cwd=ROOT).stdout


@pytest.mark.slow
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="oneDNN's kernels are for x86")
def test_onednn_is_used_on_every_x86_processor(monkeypatch):
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS")
    assert kernels("import") == "True\n1\n"


def test_a_choice_of_kernels_in_the_environment_stays(monkeypatch):
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    assert kernels() == "0\n"


def test_help_and_bad_flags_do_not_import_tensorflow():
    probe = (
        "import sys; from ugvae_tf.commands import evaluate, report, train; "
        "sys.exit('tensorflow' in sys.modules or 'numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", probe]).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--dataset", "mnits"], "Unknown data set 'mnits'. Did you mean 'mnist'?"),
        (["--dataset", "tiny", "--group-size", "504"], "--group-size 504 is larger than the number of training images"),
        (["--data-dir", "/nowhere"], "--data-dir /nowhere is not a folder"),
        (["--group-size", "0"], "--group-size must be at least 1, not 0."),
    ],
)
def test_the_command_tells_a_mistake_in_one_sentence_and_writes_nothing(
    arguments, told, tmp_path, tiny_data_dir, capsys
):
    arguments = ["--data-dir", str(tiny_data_dir), "--output-dir", str(tmp_path / "new"), *arguments]
    with pytest.raises(SystemExit, match="2"):
        call("train", arguments, "train.py")
    complaint = [line for line in capsys.readouterr().err.splitlines() if line.startswith("train.py: error:")]
    assert len(complaint) == 1 and told in complaint[0] and not (tmp_path / "new").exists()


def test_help_shows_every_flag(capsys):
    call("train", ["--help"], "train.py")
    shown = capsys.readouterr().out
    for flag in ("--dataset", "--preset", "--components", "--resume", "--expert-variance", "--seed"):
        assert flag in shown
