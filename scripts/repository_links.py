"""Hook of mkdocs: a link from docs/ to a file elsewhere in the repository becomes plain text on the site.

In the repository itself such links work; the site holds the files of docs/ only.
"""

import posixpath
import re
from typing import Any

LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((\.\./[^)\s]+)\)")


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """The page without links that leave docs/."""
    folder = posixpath.dirname(page.file.src_uri)

    def text_if_outside(link: re.Match) -> str:
        path = posixpath.normpath(posixpath.join(folder, link[2]))
        return link[1] if path.startswith("..") else link[0]

    return LINK.sub(text_if_outside, markdown)
