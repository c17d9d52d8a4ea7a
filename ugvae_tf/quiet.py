"""Import of TensorFlow without the log lines of its C++ code, and with its fast kernels on every processor."""

import importlib
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

LOG_LEVEL, QUIET, STDERR = "TF_CPP_MIN_LOG_LEVEL", "3", 2
ONEDNN = "TF_ENABLE_ONEDNN_OPTS"
OPTIONAL = ("sklearn", "matplotlib")  # packages that Keras can do without
_ONE_THREAD = threading.RLock()  # the file descriptor and the environment belong to the process


@contextmanager
def quiet_tensorflow() -> Iterator[None]:
    """Suppress TensorFlow's log lines on standard error, for an import inside the block and later.

    TF_CPP_MIN_LOG_LEVEL=0 in the environment shows all lines. The variable is set during the import only,
    because TensorFlow reads it then.

    TensorFlow has oneDNN's kernels for all x86 processors, but uses them by default only on those with instructions
    for neural networks. On others too they train networks with convolutions in 60 % of the time (docs/speed.md).
    TF_ENABLE_ONEDNN_OPTS=0 in the environment turns them off.
    """
    with _ONE_THREAD:
        if "tensorflow" not in sys.modules:
            os.environ.setdefault(ONEDNN, "1")
        if _is_wanted():
            with _redirected():
                yield
            return
    yield


def start_keras() -> None:
    """Import Keras, for a command, without the packages that it imports only if they are there.

    Its wrappers and plots import scikit-learn and pyplot, a quarter of the time of the import. Both can be imported
    afterwards.
    """
    hidden = [name for name in OPTIONAL if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        importlib.import_module("keras")
    finally:
        for name in hidden:
            del sys.modules[name]


def _is_wanted() -> bool:
    is_quiet = os.environ.get(LOG_LEVEL) in (None, QUIET)
    return is_quiet and "tensorflow" not in sys.modules and sys.stderr is not None


@contextmanager
def _redirected() -> Iterator[None]:
    level = os.environ.get(LOG_LEVEL)
    os.environ[LOG_LEVEL] = QUIET
    kept = os.dup(STDERR)
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, STDERR)  # C++ writes to the file descriptor, not to sys.stderr
        os.close(nowhere)
        yield
    finally:
        os.dup2(kept, STDERR)
        os.close(kept)
        if level is None:
            del os.environ[LOG_LEVEL]
