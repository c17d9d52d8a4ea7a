"""Text files that are replaced as a whole or not at all, and folders that cannot be written."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ugvae_tf.errors import UserError

MEGABYTE = 10**6


def replace_text(path: Path, text: str) -> None:
    """Put the text in place of the file by one rename, so that a kill leaves the old text or the new one.

    The partial file is a new one: a link that somebody put at its name is removed, not followed.
    """
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)  # of a process that was killed
    try:
        with partial.open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


@contextmanager
def written_to(folder: Path, then: str) -> Iterator[None]:
    """UserError in place of an OSError in the block: a full disk, or a folder that is gone.

    Args:
        then: what to do after the correction.
    """
    try:
        yield
    except BrokenPipeError:  # of the terminal's pipe, not of a file
        raise
    except OSError as error:
        raise UserError(
            f"{folder} cannot be written ({error.strerror or error}): free some space, or see that the folder is "
            f"there and writable; then {then}."
        ) from error


def check_no_pattern(folder: Path) -> None:
    """Raise UserError for a path that TensorFlow takes for a pattern of several, and could not read again."""
    if found := [sign for sign in "*?[" if sign in str(folder)]:
        raise UserError(f"The path {folder} has the sign {found[0]}, which TensorFlow cannot read: rename the folder.")


def require_space(folder: Path, size: int, setting: str = "output_dir") -> None:
    """Raise UserError if the disk of an existing folder, which a setting chooses, has fewer than `size` bytes free."""
    free = shutil.disk_usage(folder).free
    if free < size:
        raise UserError(
            f"This needs {size / MEGABYTE:.0f} MB, but the disk of {folder} has {free / MEGABYTE:.0f} MB free: "
            f"free some space, or choose another folder with `{setting}`."
        )
