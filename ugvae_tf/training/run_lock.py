"""One run at a time in a folder."""

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
        self._folder, self._file, self._held = folder, folder / ".lock", -1

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
        file = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW)
        self._lock(file, fcntl.LOCK_EX)
        self._held = file
        os.ftruncate(file, 0)
        os.pwrite(file, f"process {os.getpid()} on {socket.gethostname()}, since {time.ctime()}".encode(), 0)

    def check(self) -> None:
        """Raise UserError if another process holds the lock; writes nothing."""
        if self._held < 0 and self._file.is_file():
            file = os.open(self._file, os.O_RDONLY | os.O_NOFOLLOW)
            self._lock(file, fcntl.LOCK_SH)
            os.close(file)

    def _lock(self, file: int, kind: int) -> None:
        """Lock the open file, or close it and raise UserError if another process holds the lock."""
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(file, 200).decode(errors="replace") or "another process"
            os.close(file)
            raise UserError(
                f"{self._folder} is in use by {holder}: wait until that run ends, or choose another `name`."
            ) from error
        except OSError:
            return  # the file system has no locks
