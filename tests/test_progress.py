"""Phases and lines: in a pipe, on a terminal, and in a library call."""

import io
import os
import pty
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ugvae_tf import progress

ROOT = Path(__file__).parents[1]


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(progress, "WORTH_A_LINE", 0.05)
    monkeypatch.setattr(progress, "REFRESH", 0.01)


def test_a_phase_in_a_pipe_is_named_while_it_runs_and_has_no_control_characters(quick):
    pipe = io.StringIO()
    with progress.shown(pipe):
        progress.say("a line")
        with progress.phase("short"):
            pass
        with progress.phase("long"):
            time.sleep(0.1)
            assert pipe.getvalue() == "a line\nlong ..."
    assert pipe.getvalue() == "a line\nlong ... 0.1 s\n"


def test_a_phase_on_a_terminal_is_redrawn_and_fits_its_line(quick):
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as terminal, progress.shown(terminal):
        with progress.phase("x" * 200):
            time.sleep(0.1)
        progress.say("done")
        shown = b""
        while not shown.endswith(b"done\r\n"):  # a read of a terminal may return a part
            shown += os.read(ours, 10_000)
    os.close(ours)
    redrawn = shown.decode().split(progress.ERASED)[1:]
    assert len(redrawn) > 3 and all(len(part) == 79 for part in redrawn[:-2])
    assert redrawn[-2:] == ["x" * 200 + ": 0.1 s\r\n", "done\r\n"]


def test_a_phase_that_fails_ends_its_line_and_its_thread(quick):
    pipe, before = io.StringIO(), threading.active_count()
    with pytest.raises(ValueError, match="no"), progress.shown(pipe), progress.phase("long"):
        time.sleep(0.1)
        raise ValueError("no")
    assert pipe.getvalue().endswith(" s\n") and threading.active_count() == before


def test_the_library_shows_nothing(capsys, quick):
    with progress.phase("long"):
        time.sleep(0.1)
        progress.say("a line")
    assert capsys.readouterr() == ("", "")


ENDS = """
import atexit, os, sys, threading, time
from ugvae_tf.commands.terminal import end_process_after
class Slow:
    def __del__(self): time.sleep(60)
slow = Slow()
atexit.register(lambda: print("atexit"))
def command():
    threading.Thread(target=lambda: (time.sleep(0.2), print("thread"))).start()
    print("command")
    if sys.argv[1:]:
        sys.exit(int(sys.argv[1]))
end_process_after(command)
"""


@pytest.mark.parametrize("status", [0, 2, 130])
def test_the_process_ends_at_once_with_its_status_after_threads_and_atexit(status):
    arguments = [str(status)] if status else []
    done = subprocess.run(
        [sys.executable, "-c", ENDS, *arguments], capture_output=True, text=True, cwd=ROOT, timeout=30
    )
    assert (done.returncode, done.stdout) == (status, "command\nthread\natexit\n")
