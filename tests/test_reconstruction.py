"""The picture of reconstructions: errors beside the images, and the extreme ones of many labels."""

import numpy as np

from ugvae_tf.tasks.reconstruction import picture


def test_of_many_labels_those_of_the_smallest_and_the_largest_errors_are_shown():
    random = np.random.default_rng(0)
    labels, errors = np.arange(40) % 13, random.permutation(13) / 13
    metrics = {f"mean_squared_error_{name}": error for name, error in enumerate(errors)} | {"mean_squared_error": 0.5}
    figure = picture(*random.uniform(size=(2, 40, 7, 5, 1)), labels, metrics)
    shown = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    order = errors.argsort()
    assert shown[::2] == [str(name) for name in [*order[:5], *order[-5:]]]
    assert shown[1::2] == [f"error {errors[int(name)]:.4f}" for name in shown[::2]]
    assert any("Of 13 labels, those of the 5 smallest" in text.get_text().replace("\n", " ") for text in figure.texts)
    few = picture(*random.uniform(size=(2, 40, 7, 5, 1)), labels % 3, metrics)
    assert [text.get_text() for text in few.axes[0].get_yticklabels()][::2] == ["0", "1", "2"]
