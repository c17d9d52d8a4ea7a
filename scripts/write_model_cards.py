"""Write MODEL_CARD.md into exported versions again, as an export does; their weights stay as they are.

Run `python scripts/write_model_cards.py saved_models/*/[0-9]*` after a change of the card, or for versions that an
older ugvae_tf exported.
"""

import argparse
from pathlib import Path

from ugvae_tf.commands.terminal import errors_for_people
from ugvae_tf.serving import model_card


def main() -> None:
    """Write the card of every version in the arguments."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("versions", nargs="+", type=Path, help="such as saved_models/mnist/2")
    for version in parser.parse_args().versions:
        model_card.write(version)
        print(f"Wrote {version / model_card.NAME}.")


if __name__ == "__main__":
    with errors_for_people("write_model_cards.py"):
        main()
