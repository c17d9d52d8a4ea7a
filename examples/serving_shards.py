"""One code for all images of a folder, in any number of requests: `python examples/serving_shards.py FOLDER [URL]`.

In a product of Gaussians, precisions add, and so do precisions times means (eq. 9).
The images of a group may therefore be in several requests, to several servers: only two sums of M numbers are kept.
In a model with `prior_expert` in its configuration, p(beta) is one more factor of the product: it is added once.
"""

import json
import sys
from pathlib import Path

import numpy as np
import requests
from PIL import Image

folder, url = Path(sys.argv[1]), (sys.argv[2:] or ["http://localhost:8501/v1/models/mnist"])[0]


def ask(signature, **inputs):
    """The outputs of a signature by name; a single output without its name."""
    request = {"signature_name": signature, "inputs": inputs}
    response = requests.post(f"{url}:predict", json=request, timeout=30)  # the server's default limit
    response.raise_for_status()
    return response.json()["outputs"]


precision, precision_mean = 0, 0
if json.loads(ask("config", group_sizes=[1])[0])["model"].get("prior_expert"):
    prior = ask("global_prior", group_sizes=[1])  # each [1, M]
    precision = np.array(prior["beta_stddev"][0]) ** -2
    precision_mean = precision * prior["beta_mean"][0]
files = sorted(folder.iterdir())
for start in range(0, len(files), 100):
    images = np.stack([np.asarray(Image.open(file), np.float32) / 255 for file in files[start : start + 100]])
    images = images.reshape(1, *images.shape[:3], -1)  # [1, B, H, W, C]
    experts = ask("experts", images=images.tolist())  # each [1, B, M]
    precision += np.sum(experts["precision"], axis=(0, 1))
    precision_mean += np.sum(experts["precision_mean"], axis=(0, 1))
print("mean", *precision_mean / precision)
print("stddev", *precision**-0.5)
