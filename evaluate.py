"""Run an experiment on an exported model: `python evaluate.py --task batch-classification`."""

import sys

from ugvae_tf.commands.evaluate import parse_evaluation
from ugvae_tf.terminal import errors_for_people, quiet_import


def main() -> None:
    """Parse the flags, run the task, print its table."""
    with errors_for_people("evaluate.py"):
        request = parse_evaluation(sys.argv[1:])
        with quiet_import():
            from ugvae_tf import reports  # TensorFlow takes seconds to import: only once the flags are good

        print(reports.evaluate(request))


if __name__ == "__main__":
    main()
