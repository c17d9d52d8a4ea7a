"""`ugvae evaluate`, `python evaluate.py`: run a task on an exported model."""

from collections.abc import Callable, Sequence

from ugvae_tf.commands.flags import Parser, add_flags, as_flags, typed
from ugvae_tf.commands.terminal import tensorflow_starting
from ugvae_tf.errors import UserError
from ugvae_tf.progress import shown_in_terminal
from ugvae_tf.serving.shipped import shipped_versions
from ugvae_tf.tasks.request import ALL, SETTINGS, EvaluationRequest

GROUPS = {
    "every task": ("task", "saved_model", "trust", "group_size", "seed", "output_dir"),
    "images": ("dataset", "data_dir", "codes", "image_size", "corrupt", "memory_limit"),
    "some tasks": ("groups", "seeds", "categories", "attribute", "group_by", "between", "samples"),
    "traversal": ("directions", "dimension"),
    "retrieval": ("store_metric",),
}
METAVARS = {
    "task": "TASK",
    "saved_model": "MODEL",
    "dataset": "NAME",
    "data_dir": "PATH",
    "codes": "FILE",
    "image_size": "PIXELS",
    "memory_limit": "GB",
    "group_size": "B|MIN-MAX",
    "output_dir": "FOLDER",
    "categories": "series|digit-sets|LABEL,LABEL",
    "attribute": "NAME[=VALUE,VALUE]",
    "group_by": "LABEL",
    "between": "FIRST,SECOND",
}
EXAMPLES = """examples:
  {prog} --task batch-classification
  {prog} --task traversal --saved-model saved_models/mnist
  {prog} --task composition --attribute hair_color --saved-model faces3d
  {prog} --task all --saved-model http://localhost:8501/v1/models/mnist

Load only models that you trust: a SavedModel is a program."""


def run(arguments: Sequence[str], prog: str) -> str | None:
    """Run the task; returns its table."""
    request = parse_evaluation(arguments, prog)
    if request is None:
        return None
    with shown_in_terminal():
        with tensorflow_starting():
            evaluate = _of(request)
        return as_flags(evaluate(request))


def _of(request: EvaluationRequest) -> Callable[[EvaluationRequest], str]:
    """The function that runs it."""
    if request.task == ALL:
        from ugvae_tf.reporting.report import evaluate_all

        return evaluate_all
    from ugvae_tf.tasks.run import evaluate

    return evaluate


def parse_evaluation(arguments: Sequence[str], prog: str = "evaluate.py") -> EvaluationRequest | None:
    """The request in the flags, None after --help; raises UserError for an invalid flag."""
    parser = _parser(prog)
    given = parser.parsed(arguments)
    if given.pop("help"):
        print(parser.format_help(), end="")
        return None
    if "task" not in given:
        raise UserError(f"--task is missing: give one of {', '.join(SETTINGS)}, or all.")
    return EvaluationRequest(**given).checked()


def _parser(prog: str) -> Parser:
    tasks = "\n".join(f"  {task:22} {_flags(names)}" for task, names in SETTINGS.items())
    epilog = f"tasks, and the flags of each:\n{tasks}\n\nmodels that ship: {', '.join(shipped_versions())}\n\n"
    description = "Run an experiment on an exported model: print a table, write metrics.json and figures."
    parser = Parser(prog, description, epilog + EXAMPLES.format(prog=typed("evaluate", prog)))
    add_flags(parser, [EvaluationRequest(task=ALL)], GROUPS, METAVARS)
    return parser


def _flags(names: Sequence[str]) -> str:
    return ", ".join(f"--{name.replace('_', '-')}" for name in names)
