"""How a command speaks in a terminal: mistakes in one sentence, and nothing that is not ours. Without TensorFlow."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from ugvae_tf.errors import UserError

QUIET, STDERR = "3", 2
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", QUIET)


class Interrupted(Exception):
    """Ctrl-C, with the work saved; the message says how to go on."""


@contextmanager
def quiet_import() -> Iterator[None]:
    """Keep TensorFlow's C++ off standard error while it is imported: it speaks before it reads its log level.

    Mistakes and tracebacks come from Python afterwards. TF_CPP_MIN_LOG_LEVEL=0 shows everything.
    """
    asked_for = os.environ["TF_CPP_MIN_LOG_LEVEL"] != QUIET
    with nullcontext() if asked_for or sys.stderr is None else _nothing_on_stderr():
        yield


@contextmanager
def _nothing_on_stderr() -> Iterator[None]:
    """Python's sys.stderr cannot do this: C++ writes to the file descriptor."""
    kept = os.dup(STDERR)
    try:
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), STDERR)
        yield
    finally:
        os.dup2(kept, STDERR)
        os.close(kept)


@contextmanager
def errors_for_people(command: str) -> Iterator[None]:
    """End the process on a user's mistake with one sentence and status 2; ours keep their traceback."""
    try:
        yield
    except UserError as error:
        print(f"{command}: error: {error}", file=sys.stderr)
        sys.exit(2)
    except Interrupted as interruption:
        print(f"\n{interruption}", file=sys.stderr)
        sys.exit(130)
    except KeyboardInterrupt:
        sys.exit(130)
