"""`ugvae report`: model card, training and the results of all tasks in one HTML file."""

from collections.abc import Sequence

from ugvae_tf.commands.evaluate import METAVARS
from ugvae_tf.commands.flags import Parser, add_flags, as_flags, with_fields
from ugvae_tf.commands.terminal import tensorflow_starting
from ugvae_tf.errors import UserError
from ugvae_tf.progress import shown_in_terminal
from ugvae_tf.reporting.request import ReportRequest
from ugvae_tf.serving.shipped import shipped_versions
from ugvae_tf.tasks.request import ALL, SETTINGS, EvaluationRequest

GROUPS = {
    "report": ("tasks", "output", "output_dir", "trust"),
    "images": ("dataset", "data_dir", "image_size", "corrupt", "memory_limit"),
    "tasks": ("group_size", "groups", "seeds", "attribute", "group_by", "samples", "seed"),
}
EXAMPLES = """examples:
  {prog} mnist
  {prog} saved_models/mnist --output mnist.html
  {prog} glyphs --tasks retrieval,completion --group-by font

Load only models that you trust: a SavedModel is a program."""


def run(arguments: Sequence[str], prog: str) -> str | None:
    """Write the report; returns its tasks and its path."""
    request = parse_report(arguments, prog)
    if request is None:
        return None
    with shown_in_terminal():
        with tensorflow_starting():
            from ugvae_tf.reporting import report
        return as_flags(report.run(request))


def parse_report(arguments: Sequence[str], prog: str = "ugvae report") -> ReportRequest | None:
    """The request in the arguments, None after --help; raises UserError for an invalid one."""
    parser = _parser(prog)
    given = parser.parsed(arguments)
    if given.pop("help"):
        print(parser.format_help(), end="")
        return None
    model = given.pop("model")
    if model is None:
        raise UserError(f"Give the folder of an exported model, or the name of one that ships, such as {prog} mnist.")
    evaluation = with_fields(EvaluationRequest(ALL, model), given)
    return with_fields(ReportRequest(evaluation), given).checked()


def _parser(prog: str) -> Parser:
    description = (
        "Write one HTML file about an exported model: model card, training, the results of every task with verdicts.\n"
        "Results that `ugvae evaluate` stored for this version are used, and the other tasks are run."
    )
    epilog = f"tasks: {', '.join(SETTINGS)}\nmodels that ship: {', '.join(shipped_versions())}\n\n"
    parser = Parser(prog, description, epilog + EXAMPLES.format(prog=prog))
    parser.usage = f"{prog} MODEL [flags]"
    parser.add_argument("model", nargs="?", metavar="MODEL", help="folder, name of a model that ships, or address")
    metavars = {**METAVARS, "tasks": "TASK,TASK", "output": "FILE"}
    add_flags(parser, [EvaluationRequest(ALL), ReportRequest()], GROUPS, metavars)
    return parser
