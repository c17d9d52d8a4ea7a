"""`ugvae COMMAND`, the same as `python -m ugvae_tf COMMAND`."""

import difflib
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from ugvae_tf import __version__
from ugvae_tf.commands import encode, evaluate, explore, group_commands, inspect, report, train
from ugvae_tf.commands.terminal import end_process_after, errors_for_people
from ugvae_tf.errors import UserError

COMMANDS: dict[str, tuple[Callable[[Sequence[str], str], str | None], str]] = {
    "train": (train.run, "train a model on groups of images, and export it"),
    "evaluate": (evaluate.run, "run an experiment on an exported model"),
    "report": (report.run, "write one HTML file: model card, training, results of every task"),
    "encode": (encode.run, "write the codes of your own groups of images to a file"),
    **{name: (group_commands.command(name), row[2]) for name, row in group_commands.QUESTIONS.items()},
    "explore": (explore.run, "look at a model in the browser: sliders, groups, components, a map"),
    "inspect": (inspect.run, "print model, data, versions and signatures of an export"),
}


def main() -> NoReturn:
    """Run the command in the first argument, and end the process."""
    end_process_after(_run)


def process(command: str, prog: str) -> NoReturn:
    """Run one command with the arguments of the process, and end it."""
    end_process_after(lambda: call(command, sys.argv[1:], prog))


def _run() -> None:
    with errors_for_people("ugvae"):
        arguments = sys.argv[1:]
        if not arguments or arguments[0] in ("-h", "--help"):
            print(_help())
        elif arguments[0] == "--version":
            print(f"ugvae_tf {__version__}")
        else:
            _checked(arguments[0])
            call(arguments[0], arguments[1:], f"ugvae {arguments[0]}")


def call(command: str, arguments: Sequence[str], prog: str) -> None:
    """Run one command and print its text; a UserError ends the process with status 2."""
    with errors_for_people(prog):
        if text := COMMANDS[command][0](arguments, prog):
            print(text)


def _checked(command: str) -> None:
    if command not in COMMANDS:
        close = difflib.get_close_matches(command, COMMANDS, n=1)
        hint = f"did you mean {close[0]}?" if close else f"give one of {', '.join(COMMANDS)}."
        raise UserError(f"There is no command '{command}': {hint}")


def _help() -> str:
    lines = [f"  {name:15} {meaning}" for name, (_, meaning) in COMMANDS.items()]
    return "\n".join(
        [
            "usage: ugvae COMMAND [flags]",
            "",
            "The Unsupervised Global VAE: one code for a group of images, learned without labels.",
            "",
            *lines,
            "",
            "ugvae COMMAND --help lists the flags of a command.",
        ]
    )
