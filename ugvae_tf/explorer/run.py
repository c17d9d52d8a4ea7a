"""The explorer from its request: served until Ctrl-C, or written to a file."""

import base64
from functools import cache, partial
from pathlib import Path

from ugvae_tf.explorer.answers import answers_of
from ugvae_tf.explorer.facts import facts_of
from ugvae_tf.explorer.groups import ShownGroups
from ugvae_tf.explorer.network import network_of
from ugvae_tf.explorer.page_text import page
from ugvae_tf.explorer.request import ExploreRequest
from ugvae_tf.explorer.server import PageServer
from ugvae_tf.files import MEGABYTE, replace_text, written_to
from ugvae_tf.tasks.context import Context


def serve(request: ExploreRequest, server: PageServer) -> None:
    """Load the model, print the address and answer until Ctrl-C.

    Raises:
        UserError: the model or its data cannot be loaded.
    """
    context, groups = _opened(request)
    text = page({"facts": facts_of(context, groups)}, is_served=True)
    images = cache(partial(groups.strip, context))
    server.answers = answers_of(context.model, text, len(groups.names), images)
    print(f"Open {server.address} in a browser; Ctrl-C ends the explorer.", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print()


def write(request: ExploreRequest) -> str:
    """Write the page with the network and the images into one file; returns a line that says so.

    Raises:
        UserError: the model or its data cannot be loaded, or the file cannot be written.
    """
    context, groups = _opened(request)
    strips = [groups.strip(context, number, is_small=True) for number in range(len(groups.names))]
    data = {
        "facts": facts_of(context, groups),
        "network": network_of(context.model, Path(context.request.address)),
        "images": [f"data:{kind};base64,{base64.b64encode(content).decode()}" for kind, content in strips],
    }
    file = Path(str(request.html))
    with written_to(file.parent, "run the command again"):
        replace_text(file, page(data, is_served=False))
    return f"The explorer is written to {file} ({file.stat().st_size / MEGABYTE:.1f} MB): open it in a browser."


def _opened(request: ExploreRequest) -> tuple[Context, ShownGroups]:
    """The model with its images, and the groups of the page; none in a model without beta."""
    context = Context(request.evaluation)
    print(f"Reading the held-out images of {request.saved_model}.", flush=True)
    return context, ShownGroups.of(context, request.groups if context.model.settings.model.has_beta else 0)
