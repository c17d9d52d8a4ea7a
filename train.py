"""Train a model and export it: `python train.py --dataset mnist`."""

import sys

from ugvae_tf.commands.main import call

if __name__ == "__main__":
    call("train", sys.argv[1:], "train.py")
