"""Write MNIST's IDX files as the TFDS data set `mnist/3.0.1` that ships with the package.

    python scripts/prepare_mnist.py FOLDER_WITH_IDX_FILES

The four files are those of LeCun, Cortes and Burges: train-images-idx3-ubyte.gz and so on.
"""

import gzip
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tensorflow_datasets as tfds
from storing import store

CITATION = """@article{lecun2010mnist,
  title={MNIST handwritten digit database},
  author={LeCun, Yann and Cortes, Corinna and Burges, CJ},
  journal={ATT Labs [Online]. Available: http://yann.lecun.com/exdb/mnist},
  volume={2},
  year={2010}
}"""


def read_idx(path: Path) -> np.ndarray:
    """The array in a gzipped IDX file of unsigned bytes, whose fourth byte counts the axes."""
    content = gzip.decompress(path.read_bytes())
    shape = np.frombuffer(content, ">u4", count=content[3], offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * len(shape)).reshape(shape)


def split(source: Path, prefix: str) -> Iterator[dict]:
    """The examples of one split, in the file's order."""
    images = read_idx(source / f"{prefix}-images-idx3-ubyte.gz")[..., np.newaxis]
    labels = read_idx(source / f"{prefix}-labels-idx1-ubyte.gz").astype(np.int64)
    return ({"image": image, "label": label} for image, label in zip(images, labels, strict=True))


def main() -> None:
    source = Path(sys.argv[1])
    store(
        "mnist",
        "3.0.1",
        {"image": tfds.features.Image(shape=(28, 28, 1)), "label": tfds.features.ClassLabel(num_classes=10)},
        {"train": split(source, "train"), "test": split(source, "t10k")},
        description="The MNIST database of handwritten digits.",
        homepage="http://yann.lecun.com/exdb/mnist/",
        citation=CITATION,
    )


if __name__ == "__main__":
    main()
