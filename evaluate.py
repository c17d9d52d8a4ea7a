"""Run an experiment on an exported model: `python evaluate.py --task batch-classification`."""

import sys

from ugvae_tf.commands.main import call

if __name__ == "__main__":
    call("evaluate", sys.argv[1:], "evaluate.py")
