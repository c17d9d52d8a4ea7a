"""One request to a server and its response, within limits of time and size."""

import json
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import requests

MAX_BYTES = 2**29  # of a response, decompressed: about twenty times the largest one that a call expects
BLOCK = 2**16
Result = TypeVar("Result")


class TooLarge(requests.RequestException):
    """A response with more than MAX_BYTES."""


def exchange(
    session: requests.Session, method: str, url: str, body: str | None, connect: float, answer: float
) -> tuple[int, Any]:
    """Status and JSON of the response.

    Args:
        connect: seconds to reach the server.
        answer: seconds from the request to the last byte of the response.

    Raises:
        requests.Timeout: of either kind; requests' own time limit is between two bytes only.
        TooLarge: the response has more than MAX_BYTES.
        ValueError: the response is not JSON.
    """

    def work() -> tuple[int, bytes]:
        with session.request(method, url, data=body, timeout=(connect, answer), stream=True) as response:
            content = bytearray()
            for block in response.iter_content(BLOCK):
                content += block
                if len(content) > MAX_BYTES:
                    raise TooLarge(f"more than {MAX_BYTES} bytes")
            return response.status_code, bytes(content)

    status, content = within(connect + answer, work)
    try:
        return status, json.loads(content)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def within(seconds: float, work: Callable[[], Result]) -> Result:
    """The result of `work`, which runs in a thread that is left behind when the time is over.

    Raises:
        requests.Timeout: the time is over. Other exceptions are those of `work`.
    """
    ended: queue.SimpleQueue[tuple[Result | None, Exception | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            ended.put((work(), None))
        except Exception as error:
            ended.put((None, error))

    threading.Thread(target=run, daemon=True).start()
    try:
        result, error = ended.get(timeout=seconds)
    except queue.Empty as empty:
        raise requests.Timeout(f"no response within {seconds} seconds") from empty
    if error is not None:
        raise error
    return result  # type: ignore[return-value]
