"""The report: model card, training, and the results of the tasks in one HTML file that loads nothing else."""

from collections.abc import Mapping
from datetime import date
from fnmatch import fnmatch
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from ugvae_tf import __version__
from ugvae_tf.reporting.page_parts import facts, figure, marked, sentences, table, text_table
from ugvae_tf.reporting.page_style import POLICY, STYLE
from ugvae_tf.reporting.readings import READINGS
from ugvae_tf.reporting.training_record import TrainingRecord
from ugvae_tf.reporting.verdict import WORDS, headline
from ugvae_tf.serving import model_card
from ugvae_tf.serving.model_card import Card
from ugvae_tf.tasks.request import SETTINGS
from ugvae_tf.tasks.results import NotRun, Outcome, Result

PARTS = {"model-card": "Model card", "training": "Training", "tasks": "Tasks"}


class Subject(NamedTuple):
    """The model of a report."""

    name: str
    version: int
    card: Card
    sizes: dict[str, str]
    training: TrainingRecord


def page(subject: Subject, outcomes: Mapping[str, Outcome]) -> str:
    """The whole file."""
    title = escape(f"{subject.name}, version {subject.version}")
    parts = [_about(subject), _training(subject.training), _summary(subject, outcomes)]
    parts += [_task(task, outcome) for task, outcome in outcomes.items()]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n<link rel="icon" href="data:,">\n'
        f"<title>Report: {title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f'<header><h1>{title}</h1><p class="quiet">{escape(subject.card.title)}</p>'
        f'<p class="trust"><strong>Trust.</strong> {escape(model_card.TRUST)}</p>{_contents()}</header>\n'
        f"<main>\n{chr(10).join(parts)}\n</main>\n"
        f'<footer class="quiet"><p>Written by ugvae_tf {__version__} on {date.today()}.</p></footer>\n'
        "</body>\n</html>\n"
    )


def _contents() -> str:
    links = "".join(f'<a href="#{name}">{title}</a>' for name, title in PARTS.items())
    return f'<nav aria-label="Contents">{links}</nav>'


def _section(name: str, title: str, content: str) -> str:
    return f'<section id="{escape(name)}"><h2>{escape(title)}</h2>{content}</section>'


def _about(subject: Subject) -> str:
    card = subject.card
    parts = [f"<h3>{escape(title)}</h3>{facts(values)}" for title, values in card.facts.items() if values]
    return _section("model-card", PARTS["model-card"], "".join([*parts, "<h3>Limits</h3>", sentences(card.limits)]))


def _training(training: TrainingRecord) -> str:
    if training.missing:
        return _section("training", PARTS["training"], f"<p>{escape(training.missing)}</p>")
    rows = [[escape(cell) for cell in row] for row in training.rows]
    last = f"<p>Means over epoch {training.epochs}, the last one, in nats per image; a lower loss is better.</p>"
    figures = "".join(figure(file, caption) for file, caption in training.figures)
    return _section("training", PARTS["training"], last + table(["", "training", "validation"], rows, (1, 2)) + figures)


def _summary(subject: Subject, outcomes: Mapping[str, Outcome]) -> str:
    """A row for each task: its question, its verdict and its time."""
    rows = [[_link(task), *_in_short(task, outcome)] for task, outcome in outcomes.items()]
    total = sum(outcome.seconds for outcome in outcomes.values() if isinstance(outcome, Result))
    done = sum(isinstance(outcome, Result) for outcome in outcomes.values())
    sizes = {**subject.sizes, "Tasks": f"{done} of {len(outcomes)} were run, in {_time(total)}"}
    intro = "<p>A floor is the same measure for something that was not learned. Intervals are 95 % intervals.</p>"
    return _section(
        "tasks",
        PARTS["tasks"],
        intro + table(["task", "verdict", "time"], rows, (2,)) + "<h3>Sizes and times</h3>" + facts(sizes),
    )


def _link(task: str) -> str:
    return f'<a href="#{task}">{task}</a><br><span class="quiet">{escape(READINGS[task].question)}</span>'


def _in_short(task: str, outcome: Outcome) -> tuple[str, str]:
    if isinstance(outcome, NotRun):
        return '<span class="mark none">not run</span>', ""
    kind = headline(READINGS[task].verdicts(outcome))
    return f'<span class="mark {kind}">{WORDS[kind]}</span>', _time(outcome.seconds)


def _task(task: str, outcome: Outcome) -> str:
    reading = READINGS[task]
    question = f'<p class="question">{escape(reading.question)}</p>'
    if isinstance(outcome, NotRun):
        return _section(
            task, task, f'{question}<p><span class="mark none">Not run.</span> {marked(outcome.reason)}</p>'
        )
    judged = "".join(
        f'<li class="{verdict.kind}"><span>{escape(verdict.sentence)}</span></li>'
        for verdict in reading.verdicts(outcome)
    )
    content = [
        question,
        f'<ul class="verdicts">{judged}</ul>',
        f"<h3>Table</h3><p>{escape(reading.table)}</p>",
        text_table(outcome.table, f"Table of {task}"),
        _figures(task, outcome),
        f'<p class="quiet">{escape(_settings(task, outcome.record))} Time: {_time(outcome.seconds)}.</p>',
    ]
    return _section(task, task, "".join(content))


def _figures(task: str, result: Result) -> str:
    reading = READINGS[task]
    left_out = [name for name in result.figures if fnmatch(Path(name).stem, reading.left_out)]
    names = [name for name in result.figures if name not in left_out]
    drawn = [figure(result.folder / name, reading.of_figure(name)) for name in names]
    if left_out:
        which = f"{len(left_out)} more figures show parts of this at a larger size: {left_out[0]} and others"
        drawn.append(f'<p class="quiet">{escape(f"{which} in {result.folder}.")}</p>')
    return "<h3>Figures</h3>" + "".join(drawn)


def _settings(task: str, record: Mapping[str, Any]) -> str:
    sizes = {record["group_size_smallest"], record["group_size_largest"]}
    given = [f"{name} = {record[name]}" for name in SETTINGS[task] if record.get(name) is not None]
    parts = [f"images of {record['dataset']}", f"groups of {' to '.join(map(str, sorted(sizes)))}", *given]
    return f"Settings: {', '.join(parts)}, seed {record['seed']}."


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
