"""Write the shipped data set `glyphs`: `python scripts/prepare_glyphs.py glyphs.npz`.

The file holds `image` [N, 28, 28, 1] uint8, `font`, `character` and `family` [N] with their `_names`, and
`held_out` [N] bool. The arrays are stored in a zip file with LZMA compression, which numpy.load reads. Its size is
8.3 MB, against 10.2 MB by numpy.savez_compressed (sorted by character, not by font: 8.4 MB). FONTS.csv lists
every font with its family and its split.
"""

import csv
import io
import sys
import zipfile
from pathlib import Path

import numpy as np
from storing import PREPARED

TIME = (1980, 1, 1, 0, 0, 0)  # of every member, constant: equal arrays give equal files


def write_arrays(file: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write arrays as numpy.savez_compressed does, but with LZMA."""
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, array, allow_pickle=False)
            member = zipfile.ZipInfo(f"{name}.npy", TIME)
            archive.writestr(member, content.getvalue(), compress_type=zipfile.ZIP_LZMA)


def write_fonts(file: Path, arrays: dict[str, np.ndarray]) -> None:
    """A row for each font, in the order of its number."""
    _, first = np.unique(arrays["font"], return_index=True)
    with file.open("w", encoding="utf-8", newline="") as table:
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(["font", "family", "split"])
        for index in first:
            font, family = (arrays[f"{key}_names"][arrays[key][index]] for key in ("font", "family"))
            writer.writerow([font, family, "held-out" if arrays["held_out"][index] else "train"])


def main() -> None:
    arrays = dict(np.load(Path(sys.argv[1]), allow_pickle=False))
    folder = PREPARED / "glyphs"
    folder.mkdir(exist_ok=True)
    write_fonts(folder / "FONTS.csv", arrays)
    write_arrays(folder / "glyphs.npz", arrays)


if __name__ == "__main__":
    main()
