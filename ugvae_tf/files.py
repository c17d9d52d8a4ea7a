"""Text files that are replaced as a whole or not at all."""

import os
from pathlib import Path


def replace_text(path: Path, text: str) -> None:
    """Put the text in place of the file by one rename, so that a kill leaves the old text or the new one.

    The partial file is a new one: a link that somebody put at its name is removed, not followed.
    """
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)  # of a process that was killed
    with partial.open("x", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
