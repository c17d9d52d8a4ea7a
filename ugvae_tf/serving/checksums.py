"""Checksums of the files of an exported version, in the format of `sha256sum`."""

import hashlib
from pathlib import Path

from ugvae_tf.errors import UserError

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


def _checksum(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
