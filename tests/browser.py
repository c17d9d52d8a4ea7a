"""A headless Chromium, driven over its DevTools pipe: it opens pages, runs scripts in them, and records errors."""

import json
import os
import shutil
import subprocess
import time

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
SECONDS = 30  # until a page must be there, or a condition true
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--remote-debugging-pipe",
    "--disable-background-networking",
)


class Browser:
    """One page. `errors` are messages of its console and uncaught exceptions, `requests` the addresses it asked for."""

    def __init__(self, profile, width=1200, height=900):
        self.errors, self.requests, self._number, self._rest = [], [], 0, b""
        commands, self._commands = os.pipe()
        self._events, events = os.pipe()
        arguments = [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", f"--window-size={width},{height}", "about:blank"]
        moved = f'exec "$@" 3<&{commands} 4>&{events}'  # Chromium reads from descriptor 3 and writes to 4
        self._process = subprocess.Popen(
            ["bash", "-c", moved, "bash", *arguments],
            pass_fds=[commands, events],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(commands), os.close(events)
        self._session = None
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(each["targetId"] for each in targets if each["type"] == "page")
        self._session = self.call("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._process.kill()
        self._process.wait()
        os.close(self._commands), os.close(self._events)

    def call(self, method, **parameters):
        """The result of a command of the DevTools protocol."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        message |= {"sessionId": self._session} if self._session else {}
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            found = self._message()
            if found.get("id") == self._number:
                assert "error" not in found, found["error"]
                return found["result"]

    def _message(self):
        while b"\0" not in self._rest:
            part = os.read(self._events, 2**16)
            assert part, "Chromium has ended"
            self._rest += part
        text, self._rest = self._rest.split(b"\0", 1)
        message = json.loads(text)
        self._record(message.get("method"), message.get("params", {}))
        return message

    def _record(self, method, parameters):
        if method == "Runtime.exceptionThrown":
            self.errors.append(parameters["exceptionDetails"])
        if method == "Runtime.consoleAPICalled" and parameters["type"] == "error":
            self.errors.append(parameters["args"])
        if method == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            self.errors.append(parameters["entry"])
        if method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])

    def open(self, address):
        """Open a page, and wait until it has drawn."""
        self.run("document.body.dataset.state = 'left'")
        self.call("Page.navigate", url=address)
        self.wait("document.body && document.body.dataset.state === 'drawn'")

    def run(self, script):
        """The value of an expression, or of the promise that it gives."""
        found = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def value(self, script):
        """The value of an expression that has no JSON in DevTools' own form, such as an object of this page."""
        return json.loads(self.run(f"JSON.stringify({script})"))

    def wait(self, condition):
        end = time.monotonic() + SECONDS
        while not self.run(f"Boolean({condition})"):
            assert time.monotonic() < end, f"not in {SECONDS} s: {condition}; errors: {self.errors}"
            time.sleep(0.02)
