"""Run an experiment on an exported model: `python evaluate.py --task batch-classification`."""

from ugvae_tf.commands.main import process

if __name__ == "__main__":
    process("evaluate", "evaluate.py")
