"""Train a model and export it: `python train.py --dataset mnist`."""

from ugvae_tf.commands.main import process

if __name__ == "__main__":
    process("train", "train.py")
