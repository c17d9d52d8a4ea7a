"""Train a model and export it: `python train.py --dataset mnist`."""

import sys

from ugvae_tf.commands.train import parse_training
from ugvae_tf.terminal import errors_for_people, quiet_import


def main() -> None:
    """Parse the flags, train, say where the model is."""
    with errors_for_people("train.py"):
        request = parse_training(sys.argv[1:])
        with quiet_import():
            from ugvae_tf import runs  # TensorFlow takes seconds to import: only once the flags are good

        print(runs.train(request))


if __name__ == "__main__":
    main()
