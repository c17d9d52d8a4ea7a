"""`ugvae similar`, `members`, `compare` and `representatives`: questions about groups of images."""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from ugvae_tf.commands.flags import Parser, add_flags, as_flags, with_fields
from ugvae_tf.commands.terminal import tensorflow_starting
from ugvae_tf.groups import requests
from ugvae_tf.groups.source_request import SourceRequest
from ugvae_tf.progress import shown_in_terminal
from ugvae_tf.serving.shipped import shipped_versions

SOURCE = ("saved_model", "trust", "data_dir", "group_by", "dataset", "split", "corrupt")
METAVARS = {
    "saved_model": "MODEL",
    "data_dir": "PATH",
    "group_by": "COLUMN",
    "dataset": "NAME",
    "codes": "FILE",
    "group": "NAME",
    "other": "NAME",
    "candidates": "PATH",
    "queries": "PATH",
    "matrix": "FILE.npy",
    "output": "FOLDER",
}
QUESTIONS: dict[str, tuple[Callable[[], Any], tuple[str, ...], str, str]] = {
    "similar": (
        requests.SimilarRequest,
        ("codes", "queries", "group", "count", "matrix", "output"),
        "the groups nearest to a group, by their codes",
        "--saved-model glyphs --codes codes.parquet --queries letters/",
    ),
    "members": (
        requests.MembersRequest,
        ("codes", "group", "candidates", "by", "seed", "output"),
        "images that do not belong to their group",
        "--saved-model glyphs --data-dir albums/ --group anna --output anna/",
    ),
    "compare": (
        requests.CompareRequest,
        ("codes", "group", "other", "permutations", "seed", "output"),
        "components whose shares differ between two groups",
        "--data-dir albums/ --group anna --other berta",
    ),
    "representatives": (
        requests.RepresentativesRequest,
        ("codes", "group", "count", "output"),
        "the images of a group that determine its code",
        "--data-dir albums/ --group anna --count 10",
    ),
}


def command(name: str) -> Callable[[Sequence[str], str], str | None]:
    """The function that runs a question's command."""

    def run(arguments: Sequence[str], prog: str) -> str | None:
        request = parse_question(name, arguments, prog)
        if request is None:
            return None
        with shown_in_terminal():
            with tensorflow_starting():
                task = import_module(f"ugvae_tf.groups.{name}")
            return as_flags(task.run(request))

    return run


def parse_question(name: str, arguments: Sequence[str], prog: str | None = None) -> Any:
    """The request in the flags, None after --help; raises UserError for an invalid flag."""
    make, own, meaning, example = QUESTIONS[name]
    prog = prog or f"ugvae {name}"
    epilog = f"models that ship: {', '.join(shipped_versions())}\n\nexample:\n  {prog} {example}\n\n"
    epilog += "Load only models that you trust: a SavedModel is a program."
    parser = Parser(prog, f"Print {meaning}.", epilog)
    add_flags(parser, [SourceRequest(), make()], {"question": own, "model, images and groups": SOURCE}, METAVARS)
    given = parser.parsed(arguments)
    if given.pop("help"):
        parser.print_help()
        return None
    request = make()
    source = with_fields(SourceRequest(), given)
    return with_fields(request, {**given, "source": source}).checked()
