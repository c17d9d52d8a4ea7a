"""Parts of the report in HTML: facts, tables and figures, with every text escaped and every figure inside the file."""

import base64
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path

from PIL import Image

COLOURS = 256  # of a PNG with a palette
SHOWN = 120  # pixels of the page for an inch of a figure, which has twice as many dots


def facts(values: Mapping[str, str]) -> str:
    """A list of names and facts."""
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(fact)}</dd>" for name, fact in values.items())
    return f"<dl>{rows}</dl>"


def sentences(texts: Iterable[str]) -> str:
    """A list of sentences."""
    return f"<ul>{''.join(f'<li>{escape(text)}</li>' for text in texts)}</ul>"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], numbers: Iterable[int] = ()) -> str:
    """A table whose cells are HTML already.

    Args:
        numbers: the columns of numbers, at the right.
    """
    ending = dict.fromkeys(numbers, ' class="number"')

    def row(cells: Sequence[str], tag: str) -> str:
        found = [f"<{tag}{ending.get(column, '')}>{cell}</{tag}>" for column, cell in enumerate(cells)]
        return f"<tr>{''.join(found)}</tr>"

    body = "".join(row(cells, "td") for cells in rows)
    return f'<div class="wide"><table><thead>{row(headings, "th")}</thead><tbody>{body}</tbody></table></div>'


def text_table(text: str, name: str) -> str:
    """A table of aligned text, which a keyboard can scroll too."""
    return f'<pre tabindex="0" role="region" aria-label="{escape(name)}">{escape(text)}</pre>'


def figure(file: Path, caption: str) -> str:
    """A PNG file inside the page, with its caption."""
    content, (width, height) = _small(file)
    source = f"data:image/png;base64,{base64.b64encode(content).decode()}"
    image = f'<img src="{source}" width="{width}" height="{height}" loading="lazy" alt="{escape(caption)}">'
    return f'<figure><div class="wide">{image}</div><figcaption>{escape(caption)}</figcaption></figure>'


def marked(message: str) -> str:
    """A message, with its settings in backticks as code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(message))


def _small(file: Path) -> tuple[bytes, tuple[int, int]]:
    """The PNG with a palette if that changes no pixel and is smaller, else as it is; and its size on the page."""
    content = file.read_bytes()
    with Image.open(file) as opened:
        picture, dots = opened.convert("RGB"), opened.info.get("dpi", (SHOWN, SHOWN))
    width, height = (round(length * SHOWN / each) for length, each in zip(picture.size, dots, strict=True))
    if picture.getcolors(COLOURS) is None:
        return content, (width, height)
    reduced, stored = picture.quantize(COLOURS), io.BytesIO()
    if reduced.convert("RGB").tobytes() != picture.tobytes():
        return content, (width, height)
    reduced.save(stored, "PNG", optimize=True)
    return min(stored.getvalue(), content, key=len), (width, height)
