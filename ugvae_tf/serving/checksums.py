"""Checksums of the files of an exported version, in the format of `sha256sum`."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ugvae_tf.errors import UserError
from ugvae_tf.files import replace_text, written_to

CHECKSUMS = Path("assets.extra", "checksums.txt")  # a folder that TensorFlow Serving ignores


def write(version: Path) -> None:
    """Write the checksums of all files: `sha256sum --check assets.extra/checksums.txt` in the folder compares them."""
    files = sorted(path.relative_to(version).as_posix() for path in version.rglob("*") if path.is_file())
    (version / CHECKSUMS).write_text("".join(f"{_checksum(version / name)}  {name}\n" for name in files))


def check(version: Path) -> None:
    """Raise UserError if a file is not as it was exported; versions of older exports have no checksums."""
    if not (version / CHECKSUMS).is_file():
        return
    for line in (version / CHECKSUMS).read_text(errors="replace").splitlines():
        checksum, _, name = line.partition("  ")
        if not (version / name).is_file() or _checksum(version / name) != checksum:
            raise UserError(f"{version} is damaged: '{name}' is not as it was exported. Copy or export it again.")


@contextmanager
def replaced(version: Path, name: Path) -> Iterator[None]:
    """Remove the checksum of a file, which the block writes, and add that of the new one.

    So a version is never damaged, wherever the process ends; a version without checksums stays without.
    """
    listed = version / CHECKSUMS
    if not listed.is_file():
        yield
        return
    others = [line for line in listed.read_text().splitlines(True) if line.partition("  ")[2] != f"{name.as_posix()}\n"]
    with written_to(listed.parent, "run the command again"):
        replace_text(listed, "".join(others))
        yield
        replace_text(listed, "".join([*others, f"{_checksum(version / name)}  {name.as_posix()}\n"]))


def _checksum(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
