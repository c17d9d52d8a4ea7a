"""Import of TensorFlow: without the log lines of its C++ code, and with oneDNN's kernels on x86 processors."""

import importlib
import os
import platform
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

LOG_LEVEL, QUIET, STDERR = "TF_CPP_MIN_LOG_LEVEL", "3", 2
ONEDNN, X86 = "TF_ENABLE_ONEDNN_OPTS", ("x86_64", "AMD64")
OPTIONAL = ("sklearn", "matplotlib")  # packages that Keras can do without
_ONE_THREAD = threading.RLock()  # the file descriptor and the environment belong to the process


def choose_onednn() -> None:
    """Set the variable that makes TensorFlow use oneDNN's kernels, unless TensorFlow is imported or it has a value.

    TensorFlow has these kernels for all x86 processors, but uses them by default only on those with instructions for
    neural networks. docs/speed.md has the gain on another one. The variable stays set, for child processes too.
    """
    if platform.machine() in X86 and "tensorflow" not in sys.modules:
        os.environ.setdefault(ONEDNN, "1")


@contextmanager
def quiet_tensorflow() -> Iterator[None]:
    """Suppress TensorFlow's log lines on standard error, for an import inside the block and later.

    TF_CPP_MIN_LOG_LEVEL=0 in the environment shows all lines. This variable is set during the import only,
    because TensorFlow reads it then.
    """
    with _ONE_THREAD:
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
