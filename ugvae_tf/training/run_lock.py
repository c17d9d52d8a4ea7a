"""One run at a time in a folder."""

import contextlib
import fcntl
import os
import socket
import time
from pathlib import Path

from ugvae_tf.errors import UserError


class RunLock:
    """A lock on a run's folder, which the kernel releases when the process ends, in whatever way.

    The file `.lock` in the folder names the process that holds it; the file alone is no lock.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._held = folder, -1

    def __enter__(self) -> "RunLock":
        return self

    def __exit__(self, *_: object) -> None:
        if self._held >= 0:
            os.close(self._held)
            self._held = -1

    def take(self) -> None:
        """Take the lock, if the folder exists; raises UserError if another process holds it."""
        if self._held >= 0 or not self._folder.is_dir():
            return
        file = os.open(self._folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW)
        if not _is_locked_now(file):
            holder = os.read(file, 200).decode(errors="replace") or "another process"
            os.close(file)
            raise UserError(
                f"{self._folder} is in use by {holder}: wait until that run ends, or choose another `name`."
            )
        self._held = file
        os.ftruncate(file, 0)
        os.pwrite(file, f"process {os.getpid()} on {socket.gethostname()}, since {time.ctime()}".encode(), 0)


def _is_locked_now(file: int) -> bool:
    """Whether this process holds the lock now; also where the file system has no locks."""
    try:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    except OSError:
        return True
    return False
