"""The page as one text: its style, its scripts and its data are in it, so it needs no other file."""

import base64
import hashlib
import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

SCRIPTS = (
    "numbers",
    "tensors",
    "network",
    "back_end",
    "controls",
    "state",
    "tiles",
    "sentences",
    "groups",
    "map",
    "drawing",
    "main",
)
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src {images}; connect-src {requests}; script-src {script}"


def page(data: Mapping[str, Any], is_served: bool) -> str:
    """The HTML text.

    Args:
        data: what the scripts read: the facts, and in a file the weights and the images of the groups too.
        is_served: whether a server answers the page's requests; a file makes none.
    """
    script = "\n".join(["'use strict';", *(_asset(f"{name}.js") for name in SCRIPTS)])
    images, requests = ("'self' data:", "'self'") if is_served else ("data:", "'none'")
    policy = POLICY.format(images=images, requests=requests, script=_digest(script))
    parts = {"policy": policy, "style": _asset("style.css"), "data": _json(data), "script": script}
    text = _asset("page.html")
    for name, content in parts.items():
        text = text.replace(f"<!--{name}-->", content, 1)
    return text


def _asset(name: str) -> str:
    return (files("ugvae_tf.explorer") / "page" / name).read_text(encoding="utf-8")


def _digest(script: str) -> str:
    """The source expression of the script in the page's policy: no other script runs."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def _json(data: Mapping[str, Any]) -> str:
    """JSON that cannot end the element that it is in."""
    return json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
