"""The local server of the page: 127.0.0.1 only, its own addresses only, no file of the disk. Without TensorFlow."""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ugvae_tf.errors import UserError

HOST = "127.0.0.1"
LARGEST_BODY = 10**7  # bytes of a request
HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

Answer = tuple[str, bytes]  # the type of the content, and the content


class BadRequest(ValueError):
    """The request has other content than its path takes."""


@dataclass(frozen=True)
class Answers:
    """What the server answers, by path."""

    contents: Mapping[str, Callable[[], Answer]]
    calls: Mapping[str, Callable[[dict[str, Any]], Answer]]  # of a JSON object; they may raise BadRequest


def bound(port: int) -> "PageServer":
    """A server that listens on the port, but does not answer yet; raises UserError if the port is taken."""
    try:
        return PageServer((HOST, port), Handler)
    except OSError as error:
        raise UserError(f"Port {port} of {HOST} cannot be used ({error.strerror}): choose another `port`.") from error


class PageServer(ThreadingHTTPServer):
    """The server, and what it answers."""

    daemon_threads = True
    answers: Answers

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that leaves in the middle of an answer is no error."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    @property
    def address(self) -> str:
        """The address of the page."""
        return f"http://{HOST}:{self.server_port}/"

    @property
    def names(self) -> set[str]:
        """The values of the header Host by which the browser of this machine calls the server."""
        return {f"{name}:{self.server_port}" for name in (HOST, "localhost")}


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: PageServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else a small answer waits 40 ms for an acknowledgement
    timeout = 60  # seconds of silence

    def do_GET(self) -> None:
        """The page, or the images of a group."""
        if not self._is_ours():
            return None
        answer = self.server.answers.contents.get(self.path)
        if answer is None:
            return self._refuse(404, "There is no such page.")
        return self._send(200, *answer())

    def do_POST(self) -> None:
        """The components of a beta, or decoded images."""
        if not self._is_ours():
            return None
        answer = self.server.answers.calls.get(self.path)
        if answer is None:
            return self._refuse(404, "There is no such page.")
        try:
            kind, content = answer(self._body())
        except (BadRequest, UserError) as error:
            return self._refuse(400, str(error))
        return self._send(200, kind, content)

    def _is_ours(self) -> bool:
        """Whether a page of this server made the request; else it is refused.

        The name of the host protects from DNS rebinding, the origin from requests of other sites' pages.
        """
        origin, names = self.headers.get("Origin"), self.server.names
        site = self.headers.get("Sec-Fetch-Site", "none")
        hosts = self.headers.get_all("Host", [])
        if len(hosts) != 1 or hosts[0] not in names:
            self._refuse(403, "The header Host names another server.")
        elif origin is not None and origin not in {f"http://{name}" for name in names}:
            self._refuse(403, "The request is from a page of another origin.")
        elif site not in ("same-origin", "none"):
            self._refuse(403, "The request is from a page of another site.")
        else:
            return True
        return False

    def _body(self) -> dict[str, Any]:
        """The JSON object in the body; raises BadRequest if there is none."""
        length = self.headers.get("Content-Length", "")
        if self.headers.get_content_type() != "application/json" or not length.isdecimal():
            self.close_connection = True
            raise BadRequest("The request must be JSON with its length.")
        if int(length) > LARGEST_BODY:
            self.close_connection = True
            raise BadRequest(f"The request has more than {LARGEST_BODY} bytes.")
        try:
            content = json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError) as error:
            raise BadRequest("The request must be a JSON object.") from error
        if not isinstance(content, dict):
            raise BadRequest("The request must be a JSON object.")
        return content

    def _refuse(self, status: int, message: str) -> None:
        self.close_connection = True
        self._send(status, "text/plain; charset=utf-8", message.encode())

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        headers = {"Content-Type": kind, "Content-Length": str(len(body)), **HEADERS}
        for name, value in headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Print nothing: a slider makes many requests."""
