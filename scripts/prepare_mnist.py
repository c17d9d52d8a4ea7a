"""Write MNIST's IDX files as the TFDS data set `mnist/3.0.1` that ships with the package.

    python scripts/prepare_mnist.py FOLDER_WITH_IDX_FILES

The four files are those of LeCun, Cortes and Burges: train-images-idx3-ubyte.gz and so on.
"""

import gzip
import sys
from pathlib import Path

import numpy as np
import tensorflow_datasets as tfds

PREPARED = Path(__file__).parents[1] / "ugvae_tf" / "datasets" / "prepared"
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


def split(source: Path, prefix: str) -> list[tuple[int, dict]]:
    """The keyed examples of one split, in the file's order."""
    images = read_idx(source / f"{prefix}-images-idx3-ubyte.gz")[..., np.newaxis]
    labels = read_idx(source / f"{prefix}-labels-idx1-ubyte.gz").astype(np.int64)
    examples = zip(images, labels, strict=True)
    return [(key, {"image": image, "label": label}) for key, (image, label) in enumerate(examples)]


def main() -> None:
    source = Path(sys.argv[1])
    tfds.dataset_builders.store_as_tfds_dataset(
        name="mnist",
        version="3.0.1",
        features=tfds.features.FeaturesDict(
            {
                "image": tfds.features.Image(shape=(28, 28, 1)),
                "label": tfds.features.ClassLabel(num_classes=10),
            }
        ),
        split_datasets={"train": split(source, "train"), "test": split(source, "t10k")},
        data_dir=PREPARED,
        description="The MNIST database of handwritten digits.",
        homepage="http://yann.lecun.com/exdb/mnist/",
        citation=CITATION,
        disable_shuffling=True,
    )


if __name__ == "__main__":
    main()
