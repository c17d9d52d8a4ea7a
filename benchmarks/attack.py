"""Attacks on commands and files: does each end in one sentence, or in the right result?

`python benchmarks/attack.py` makes about 1,800 attacks with a fixed seed, each within a time limit, and prints how
many of each kind were refused in one sentence, gave the right result, or failed: by a traceback, by a wrong exit
status, by going on for too long, or by a wrong result in silence. The exit status is 1 if any failed. Nothing is sent
to another host than 127.0.0.1.
"""

import argparse
import contextlib
import io
import os
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import numpy as np
from attack_files import archives, configurations, exports, folders, tables
from attack_traffic import answers, flags

from ugvae_tf.errors import UserError

Attack = Callable[[], bool]  # whether the result is right; UserError or exit status 2 if the attack is refused
KINDS: dict[str, tuple[Callable[[np.random.Generator, Path], Iterator[Attack]], int]] = {
    "flags": (flags, 500),
    "configurations": (configurations, 300),
    ".npz files": (archives, 300),
    "folders of pictures": (folders, 150),
    "CSV tables": (tables, 200),
    "exports": (exports, 200),
    "answers of a server": (answers, 150),
}
FAILURES = ("traceback", "wrong exit status", "hang", "wrong in silence")
OUTCOMES = ("refused", "right", *FAILURES)
SECONDS = 30  # of one attack


class Hang(BaseException):
    """The time of an attack is over."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--share", type=float, default=1.0, help="of the attacks, for a short trial")
    parser.add_argument("--kind", choices=KINDS, help="the only kind of attack (default: all)")
    asked, began = parser.parse_args(), time.monotonic()
    signal.signal(signal.SIGALRM, _hang)
    kinds = {asked.kind: KINDS[asked.kind]} if asked.kind else KINDS
    counts = {kind: _count(kind, asked.seed, max(1, round(asked.share * most))) for kind, (_, most) in kinds.items()}
    total = sum(counts.values(), Counter())
    print("| attacks | " + " | ".join(("number", *OUTCOMES)) + " |")
    print("|---" * (len(OUTCOMES) + 2) + "|")
    for kind, found in (*counts.items(), ("all", total)):
        row = (kind, found.total(), *(found[name] for name in OUTCOMES))
        print("| " + " | ".join(map(str, row)) + " |")
    print(f"\n{total.total()} attacks in {time.monotonic() - began:.0f} s, seed {asked.seed}")
    sys.exit(any(total[failure] for failure in FAILURES))


def _hang(*_: object) -> None:
    raise Hang


def _count(kind: str, seed: int, most: int) -> Counter[str]:
    """The outcomes of the first attacks of a kind; each failure is printed on standard error."""
    make, _ = KINDS[kind]
    found: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for number, attack in zip(range(most), make(np.random.default_rng(seed), Path(folder)), strict=False):
            outcome, told = _outcome(attack)
            found[outcome] += 1
            if outcome in FAILURES:
                print(f"{kind} {number}: {outcome}\n{told}", file=sys.stderr)
    return found


def _outcome(attack: Attack) -> tuple[str, str]:
    """The outcome of one attack, and what describes it."""
    printed = io.StringIO()
    signal.alarm(SECONDS)
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            return ("right", "") if attack() else ("wrong in silence", printed.getvalue())
    except UserError as error:
        return ("traceback", "a message of several lines") if "\n" in str(error) else ("refused", "")
    except SystemExit as end:
        return ("refused" if end.code == 2 else "wrong exit status"), f"{end.code}: {printed.getvalue()}"
    except Hang:
        return "hang", traceback.format_exc()
    except BaseException:
        return "traceback", traceback.format_exc()
    finally:
        signal.alarm(0)


if __name__ == "__main__":
    main()
