"""Write an export, a run that can be resumed and a Keras file of the present state, for tests of later states.

`python scripts/keep_formats.py tests/kept/0.2.0` writes the folder: images.npz, small/ with its checkpoint and version
1, mine.keras, and codes.npz with the codes of one group.
"""

import argparse
import os
import shutil
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from ugvae_tf.config import Config, DataConfig, TrainingConfig
from ugvae_tf.config.presets import model_config
from ugvae_tf.models import build_model
from ugvae_tf.serving.served_model import ServedModel
from ugvae_tf.training.request import TrainRequest
from ugvae_tf.training.run import train

SIZES = {"hidden_units": 5, "local_size": 2, "global_size": 3, "components": 2}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="such as tests/kept/0.2.0; it must not exist")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True)
    images = np.random.default_rng(0).integers(256, size=(40, 5, 3, 1), dtype=np.uint8)
    np.savez_compressed(folder / "images.npz", image=images)
    data, training = DataConfig("npz", "images.npz", group_size=5), TrainingConfig(epochs=1)
    config = Config("none", data, model_config("ug-vae", SIZES), training)
    os.chdir(folder)
    train(TrainRequest(config, name="small", output_dir="."))
    for part in ("logs", "figures"):
        shutil.rmtree(Path("small", part))
    Path("small", ".lock").unlink()
    codes = ServedModel("small").encode(images[:5])
    model = build_model(config.model, (5, 3, 1))
    model.compile("adam")
    model.save("mine.keras")
    np.savez("codes.npz", served=codes.beta_mean, keras=model.encode(images[:5]).beta_mean)


if __name__ == "__main__":
    main()
