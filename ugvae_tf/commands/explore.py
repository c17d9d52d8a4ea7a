"""`ugvae explore`: a model in the browser."""

from collections.abc import Sequence

from ugvae_tf.commands.flags import Parser, add_flags, with_fields
from ugvae_tf.commands.terminal import tensorflow_starting
from ugvae_tf.explorer import server
from ugvae_tf.explorer.request import ExploreRequest
from ugvae_tf.progress import shown_in_terminal
from ugvae_tf.serving.shipped import shipped_versions
from ugvae_tf.tasks.request import OF_DATA

GROUPS = {
    "page": ("port", "html"),
    "model": ("trust",),
    "images and groups": ("groups", "group_by", "group_size", *OF_DATA, "seed"),
}
METAVARS = {
    "html": "FILE.html",
    "group_by": "LABEL",
    "group_size": "B|MIN-MAX",
    "dataset": "NAME",
    "data_dir": "PATH",
    "image_size": "N",
    "memory_limit": "GB",
}
EXAMPLES = """examples:
  {prog} glyphs
  {prog} saved_models/mnist --port 9000
  {prog} saved_models/mnist --html mnist.html
  {prog} http://localhost:8501/v1/models/mnist

Load only models that you trust: a SavedModel is a program."""


def run(arguments: Sequence[str], prog: str) -> str | None:
    """Serve the page until Ctrl-C, or write it."""
    request = parse_exploration(arguments, prog)
    if request is None:
        return None
    listening = None if request.html else server.bound(request.port)  # a port that is taken is found at once
    with shown_in_terminal():
        with tensorflow_starting():
            from ugvae_tf.explorer import run as explorer
        if listening is None:
            return explorer.write(request)
        explorer.serve(request, listening)
    return None


def parse_exploration(arguments: Sequence[str], prog: str = "ugvae explore") -> ExploreRequest | None:
    """The request in the arguments, None after --help; raises UserError for an invalid one."""
    epilog = f"models that ship: {', '.join(shipped_versions())}\n\n" + EXAMPLES.format(prog=prog)
    parser = Parser(prog, "Show a model in the browser: sliders for beta and z, groups, components, a map.", epilog)
    parser.usage = f"{prog} MODEL [flags]"
    parser.add_argument("saved_model", nargs="?", metavar="MODEL", default="mnist", help=MODEL)
    add_flags(parser, [ExploreRequest()], GROUPS, METAVARS)
    given = parser.parsed(arguments)
    if given.pop("help"):
        print(parser.format_help(), end="")
        return None
    return with_fields(ExploreRequest(), given).checked()


MODEL = "folder of an exported model, the name of one that ships, or http://HOST:8501/v1/models/NAME (default: mnist)"
