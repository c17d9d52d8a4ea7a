"""The picture of reconstructions: errors beside the images, and the extreme ones of many labels."""

import numpy as np

from ugvae_tf.tasks.context import Context
from ugvae_tf.tasks.reconstruction import report
from ugvae_tf.tasks.request import EvaluationRequest

SHAPE = (7, 5, 1)


def test_of_many_labels_those_of_the_smallest_and_the_largest_errors_are_shown(exported, tmp_path):
    random = np.random.default_rng(0)
    labels = np.arange(400) % 13
    brightness = random.permutation(13)[labels, None, None, None] * 20  # labels differ in their errors
    images = (random.integers(15, size=(400, *SHAPE)) + brightness).astype(np.uint8)
    np.savez(tmp_path / "images.npz", image=images, label=labels)
    folder, data = str(exported(model="ug-vae", image_shape=SHAPE)[1]), str(tmp_path / "images.npz")
    request = EvaluationRequest("reconstruction", folder, dataset="npz", data_dir=data, group_size="20", groups=4)
    found = report(Context(request))
    errors = {name: found.metrics[f"mean_squared_error_{name}"] for name in range(13)}
    order = sorted(errors, key=errors.get)
    shown = [text.get_text() for text in found.figures["reconstruction"].axes[0].get_yticklabels()]
    assert shown[::2] == [str(name) for name in [*order[:5], *order[-5:]]]
    assert shown[1::2] == [f"error {errors[int(name)]:.4f}" for name in shown[::2]]
