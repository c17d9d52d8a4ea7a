"""`ugvae encode`: codes of groups of images, to a file."""

from collections.abc import Sequence

from ugvae_tf.commands.flags import Parser, add_flags, as_flags, with_fields
from ugvae_tf.commands.terminal import tensorflow_starting
from ugvae_tf.groups.encode_request import EncodeRequest
from ugvae_tf.groups.source_request import SourceRequest
from ugvae_tf.progress import shown_in_terminal
from ugvae_tf.serving.shipped import shipped_versions

GROUPS = {
    "model": ("saved_model", "trust"),
    "images and groups": ("data_dir", "group_by", "dataset", "split", "corrupt"),
    "codes": ("output", "images"),
    "cluster": ("runner",),
}
METAVARS = {
    "saved_model": "MODEL",
    "data_dir": "PATH",
    "group_by": "COLUMN",
    "dataset": "NAME",
    "output": "FILE",
    "runner": "NAME",
}
EXAMPLES = """examples:
  {prog} --saved-model mnist --data-dir albums/ --output codes.parquet
  {prog} --saved-model mnist --data-dir photos/ --group-by owner --corrupt skip --images
  {prog} --saved-model glyphs --dataset glyphs --split held-out --group-by font --output fonts.csv
  {prog} --data-dir albums/ --runner DirectRunner --direct_num_workers 2 --direct_running_mode multi_processing

Load only models that you trust: a SavedModel is a program."""


def run(arguments: Sequence[str], prog: str) -> str | None:
    """Encode; returns the description of the files."""
    request = parse_encoding(arguments, prog)
    if request is None:
        return None
    with shown_in_terminal():
        with tensorflow_starting():
            from ugvae_tf.groups import encode
        return as_flags(encode.run(request))


def parse_encoding(arguments: Sequence[str], prog: str = "ugvae encode") -> EncodeRequest | None:
    """The request in the flags, None after --help; raises UserError for an invalid flag."""
    description = "Encode groups of images of any size in one stream: mean and deviation of beta, shares of components."
    parser = Parser(
        prog, description, f"models that ship: {', '.join(shipped_versions())}\n\n" + EXAMPLES.format(prog=prog)
    )
    add_flags(parser, [SourceRequest(), EncodeRequest()], GROUPS, METAVARS)
    on_beam = any(argument.partition("=")[0] == "--runner" for argument in arguments)
    given, others = parser.parsed_with_others(arguments) if on_beam else (parser.parsed(arguments), [])
    if given.pop("help"):
        parser.print_help()
        return None
    request = EncodeRequest(with_fields(SourceRequest(), given))
    return with_fields(request, {**given, "beam": tuple(others)}).checked()
