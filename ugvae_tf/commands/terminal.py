"""Error messages and the end of the commands in the terminal. Without TensorFlow."""

import atexit
import io
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from ugvae_tf.commands.flags import as_flags
from ugvae_tf.errors import Interrupted, UserError
from ugvae_tf.progress import phase
from ugvae_tf.quiet import quiet_tensorflow, start_keras

MOST_SIGNS = 300  # of a path


@contextmanager
def errors_for_people(prog: str) -> Iterator[None]:
    """Print a UserError as one sentence and exit with status 2; other errors keep their traceback.

    An error of the file system, such as a name that is too long or a folder without permission, is one sentence too.
    A pipe that is closed by its reader, such as `| head`, ends the command without a word.
    """
    try:
        yield
        sys.stdout.flush()
    except UserError as error:
        print(f"{prog}: error: {as_flags(str(error))}", file=sys.stderr)
        sys.exit(2)
    except Interrupted as interruption:
        print(f"\n{as_flags(str(interruption))}", file=sys.stderr)
        sys.exit(130)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left in the buffer goes nowhere
        sys.exit(1)
    except OSError as error:
        if error.filename is None:
            raise
        place = os.fsencode(error.filename).decode(errors="replace")
        print(f"{prog}: error: {error.strerror}: {place[:MOST_SIGNS]}", file=sys.stderr)
        sys.exit(2)


@contextmanager
def tensorflow_starting() -> Iterator[None]:
    """A named phase in which Keras is imported, and then what the block imports, without TensorFlow's log lines.

    It takes seconds: a command begins it after it has checked its flags.
    """
    with phase("Starting TensorFlow"), quiet_tensorflow():
        start_keras()
        yield


def end_process_after(command: Callable[[], None]) -> NoReturn:
    """Run the command, then end the process with its status, without the destructors of TensorFlow.

    These take two to nine seconds and have no effect: the operating system frees the memory. What Python does at
    the end with an effect is done: threads that are not daemons end, and the functions of `atexit` run. An error
    that no command expects keeps its traceback, and ends the process in Python's way.
    """
    status = 0
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # names of files that the terminal cannot show
    try:
        command()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    os._exit(status)
