"""One code for each group of images, by REST: `python examples/serving_rest.py FOLDER [URL]`.

Every subfolder of FOLDER is a group; its images have the size and the channels of the model's images.
"""

import sys
from pathlib import Path

import numpy as np
import requests
from PIL import Image

folder, url = Path(sys.argv[1]), (sys.argv[2:] or ["http://localhost:8501/v1/models/mnist"])[0]


def read_group(path: Path) -> np.ndarray:
    """The images of a folder as [B, H, W, C] in [0, 1]."""
    images = np.stack([np.asarray(Image.open(file), np.float32) / 255 for file in sorted(path.iterdir())])
    return images.reshape(*images.shape[:3], -1)


groups = {path.name: read_group(path) for path in sorted(folder.iterdir()) if path.is_dir()}
largest = max(len(images) for images in groups.values())
instances = []  # one instance is one group; groups of unequal size are padded with any values
for images in groups.values():
    padding = [(0, largest - len(images)), (0, 0), (0, 0), (0, 0)]
    instances.append({"images": np.pad(images, padding).tolist(), "group_sizes": len(images)})
request = {"signature_name": "encode_ragged", "instances": instances}
response = requests.post(f"{url}:predict", json=request, timeout=30)  # the server's default limit
response.raise_for_status()
for name, prediction in zip(groups, response.json()["predictions"], strict=True):
    print(name, *prediction["beta_mean"])  # M numbers
