"""Error messages of the commands in the terminal. Without TensorFlow."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ugvae_tf.commands.flags import as_flags
from ugvae_tf.errors import Interrupted, UserError


@contextmanager
def errors_for_people(prog: str) -> Iterator[None]:
    """Print a UserError as one sentence and exit with status 2; other errors keep their traceback."""
    try:
        yield
    except UserError as error:
        print(f"{prog}: error: {as_flags(str(error))}", file=sys.stderr)
        sys.exit(2)
    except Interrupted as interruption:
        print(f"\n{as_flags(str(interruption))}", file=sys.stderr)
        sys.exit(130)
    except KeyboardInterrupt:
        sys.exit(130)
