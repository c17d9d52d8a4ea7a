"""One code for all images of a folder, in any number of requests: `python examples/serving_shards.py FOLDER [URL]`.

In a product of Gaussians the precisions add up, and so do the precisions times the means (eq. 9).
So the images of a group may be spread over requests, servers and days: only two sums of M numbers are kept.
"""

import sys
from pathlib import Path

import numpy as np
import requests
from PIL import Image

folder, url = Path(sys.argv[1]), (sys.argv[2:] or ["http://localhost:8501/v1/models/mnist"])[0]
precision, precision_mean = 0, 0
files = sorted(folder.iterdir())
for start in range(0, len(files), 100):
    images = np.stack([np.asarray(Image.open(file), np.float32) / 255 for file in files[start : start + 100]])
    images = images.reshape(1, *images.shape[:3], -1)  # [1, B, H, W, C]
    request = {"signature_name": "experts", "inputs": {"images": images.tolist()}}
    response = requests.post(f"{url}:predict", json=request, timeout=30)  # as the server, by default
    response.raise_for_status()
    experts = response.json()["outputs"]  # each [1, B, M]
    precision += np.sum(experts["precision"], axis=(0, 1))
    precision_mean += np.sum(experts["precision_mean"], axis=(0, 1))
print("mean", *precision_mean / precision)
print("stddev", *precision**-0.5)
