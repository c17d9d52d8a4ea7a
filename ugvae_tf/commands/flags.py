"""Flags from the fields of dataclasses: names, types, choices and help are those of the fields."""

import argparse
import ast
import dataclasses
import difflib
import inspect
import re
import textwrap
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NoReturn, Union, get_args, get_origin, get_type_hints

from ugvae_tf.config import DataConfig, ModelConfig, TrainingConfig
from ugvae_tf.errors import UserError
from ugvae_tf.explorer.request import ExploreRequest
from ugvae_tf.groups.encode_request import EncodeRequest
from ugvae_tf.groups.requests import GROUP_REQUESTS
from ugvae_tf.groups.source_request import SourceRequest
from ugvae_tf.reporting.request import ReportRequest
from ugvae_tf.tasks.request import EvaluationRequest
from ugvae_tf.training.request import TrainRequest

WIDTH = 100
METAVARS = {int: "N", float: "X", str: "TEXT"}
REQUESTS = (
    TrainRequest,
    DataConfig,
    ModelConfig,
    TrainingConfig,
    EvaluationRequest,
    ReportRequest,
    SourceRequest,
    EncodeRequest,
    ExploreRequest,
)
SETTINGS = {field.name for cls in (*REQUESTS, *GROUP_REQUESTS) for field in dataclasses.fields(cls)}
ONE_WAY = ("resume", "overwrite", "trust", "images", "store_metric")  # flags without a --no- form
WORDS = {int: "a whole number", float: "a number"}


class Parser(argparse.ArgumentParser):
    """A parser that raises UserError, and suggests the nearest flag for an unknown one."""

    def __init__(self, prog: str, description: str, epilog: str = "") -> None:
        def formatter(prog: str) -> argparse.HelpFormatter:
            return argparse.RawDescriptionHelpFormatter(prog, max_help_position=30, width=WIDTH)

        usage = f"{prog} [flags]"
        super().__init__(
            prog, usage, description, epilog, formatter_class=formatter, allow_abbrev=False, add_help=False
        )
        self.add_argument("-h", "--help", action="store_true", help=argparse.SUPPRESS)

    def parsed(self, arguments: Sequence[str]) -> dict[str, Any]:
        """The given flags by field name; raises UserError for an unknown flag."""
        found, unknown = self.parse_known_args(arguments)
        if unknown and not found.help:
            flags = [flag for action in self._actions for flag in action.option_strings]
            close = difflib.get_close_matches(unknown[0].partition("=")[0], flags, n=1)
            hint = f"did you mean {close[0]}?" if close else f"{self.prog} --help lists the flags."
            raise UserError(f"{unknown[0]} is not a flag of {self.prog}: {hint}")
        return vars(found)

    def parsed_with_others(self, arguments: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
        """The given flags by field name, and the arguments that are no flags of this parser."""
        found, others = self.parse_known_args(arguments)
        return vars(found), others

    def error(self, message: str) -> NoReturn:
        """Raise UserError in place of printing the usage."""
        message = re.sub(r"^argument (?:--no-\S+, )?(--[\w-]+)[^:]*: ", r"\1 ", message)
        message = message.replace("expected one argument", "needs a value")
        raise UserError(re.sub(r"^the following arguments are required: ", "Required: ", message) + ".")


def add_flags(
    parser: argparse.ArgumentParser,
    values: Sequence[Any],
    groups: Mapping[str, Sequence[str]],
    metavars: Mapping[str, str],
) -> None:
    """Add a flag for each field in `groups`, under the group's title and in its order.

    Args:
        values: dataclasses whose fields are the settings. Their values are the defaults in the help, unless the
            docstring has a default. Parsing does not fill them in.
        metavars: placeholders of fields that need another one than that of their type.
    """
    owners = {field.name: value for value in values for field in dataclasses.fields(value)}
    docs = {name: doc for value in values for name, doc in field_docs(type(value)).items()}
    for title, names in groups.items():
        group = parser.add_argument_group(title)
        for name in names:
            hint, default = get_type_hints(type(owners[name]))[name], getattr(owners[name], name)
            _add(group, name, hint, _help(docs[name], default), metavars.get(name))


def _help(doc: str, default: Any) -> str:
    """The docstring, with the default unless it already has one."""
    shown = "off" if default is False else "on" if default is True else default
    told = "" if "(default" in doc or default is None else f" (default: {shown})"
    return as_flags(doc.removesuffix(".") + told + ".").replace("%", "%%")


def _add(group: Any, name: str, hint: Any, text: str, metavar: str | None) -> None:
    flag, kind = f"--{name.replace('_', '-')}", _bare(hint)
    if kind is bool:
        action = "store_true" if name in ONE_WAY else argparse.BooleanOptionalAction
        group.add_argument(flag, action=action, default=argparse.SUPPRESS, help=text)
    elif get_origin(kind) is Literal:
        choices = get_args(kind)
        shown = metavar or "|".join(choices)
        group.add_argument(flag, type=_choice(choices), metavar=shown, default=argparse.SUPPRESS, help=text)
    else:
        shown = metavar or METAVARS[kind]
        reader = _read_sizes if (kind, name) == (int, "group_size") else _read_as(kind)
        group.add_argument(flag, type=reader, metavar=shown, default=argparse.SUPPRESS, help=text)


def _bare(hint: Any) -> Any:
    """The type of an optional field."""
    if get_origin(hint) in (Union, types.UnionType):
        return next(kind for kind in get_args(hint) if kind is not types.NoneType)
    return hint


def _choice(choices: Sequence[str]) -> Callable[[str], str]:
    def chosen(text: str) -> str:
        if text in choices:
            return text
        close = difflib.get_close_matches(text, choices, n=1)
        hint = f" (did you mean {close[0]}?)" if close else ""
        raise argparse.ArgumentTypeError(f"must be one of {', '.join(choices)}, not {text}{hint}")

    return chosen


def _read_sizes(text: str) -> int | tuple[int, int]:
    """A number of images, or a range of numbers."""
    smallest, dash, largest = text.partition("-")
    if not dash or not smallest.isdecimal() or not largest.isdecimal():
        try:
            return int(text)
        except ValueError as error:
            message = f"must be a whole number, or a range such as 5-31, not {text}"
            raise argparse.ArgumentTypeError(message) from error
    return int(smallest), int(largest)


def _read_as(kind: type) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        try:
            return kind(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"must be {WORDS[kind]}, not {text}") from error

    return read


def field_docs(cls: type) -> dict[str, str]:
    """The docstring below each field of a dataclass, in one line."""
    [definition] = ast.parse(textwrap.dedent(inspect.getsource(cls))).body
    assert isinstance(definition, ast.ClassDef)
    docs = {}
    for node, following in zip(definition.body, definition.body[1:], strict=False):
        match node, following:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(doc))):
                docs[name] = " ".join(doc.split())
    return docs


def as_flags(message: str) -> str:
    """The message with its settings as flags: `group_size=64` in backticks becomes --group-size 64."""

    def flag(found: re.Match[str]) -> str:
        name, _, value = found[1].partition("=")
        if name not in SETTINGS:
            return found[0]
        return f"--{name.replace('_', '-')}" + (f" {value}" if value else "")

    return re.sub(r"`([a-z_]+(?:=[^`]*)?)`", flag, message)


def typed(command: str, prog: str) -> str:
    """The command line of a command in the style of `prog`: python train.py, or ugvae train."""
    return f"python {command}.py" if prog.endswith(".py") else f"ugvae {command}"


def with_fields(value: Any, given: Mapping[str, Any]) -> Any:
    """The dataclass with the given fields replaced."""
    names = {field.name for field in dataclasses.fields(value)}
    return dataclasses.replace(value, **{name: given[name] for name in names & given.keys()})
