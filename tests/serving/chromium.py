"""A headless Chromium, driven over its DevTools protocol by two pipes: needs no package and no port."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path

BINARY = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_FLAGS = (
    "--headless=new --remote-debugging-pipe --no-first-run --disable-gpu --disable-dev-shm-usage "
    "--disable-extensions --disable-background-networking --disable-component-update --disable-sync"
)


class Chromium:
    """One page. ``with Chromium(folder) as page: page.open(url)``.

    Attributes:
        complaints: what the console said as a warning or an error, and exceptions that nothing caught.
    """

    def __init__(self, folder, seconds=60.0):
        self.seconds = seconds
        self.complaints = []
        self._folder = folder
        self._number = 0
        self._session = None
        self._rest = b""

    def __enter__(self):
        their_in, self._out = os.pipe()
        self._in, their_out = os.pipe()
        # Its sandbox does not work as root, as which containers run tests; it sees nothing but our own page.
        flags = _FLAGS + (" --no-sandbox" if os.geteuid() == 0 else "")
        # It reads from descriptor 3 and writes to 4.
        pipes = f"exec 8<&{their_in} 9>&{their_out}; exec 3<&8 4>&9"
        script = f'{pipes}; exec "$0" {flags} --user-data-dir="$1" about:blank'
        self._process = subprocess.Popen(
            ["bash", "-c", script, BINARY, str(self._folder)],
            pass_fds=(their_in, their_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(their_in)
        os.close(their_out)
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.send(f"{domain}.enable")
        return self

    def __exit__(self, *_):
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._in)
        os.close(self._out)

    def send(self, method, **params):
        """Calls a method, and waits for its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                assert "error" not in answer, (method, answer)
                return answer["result"]

    def open(self, url):
        """Loads a page."""
        assert "errorText" not in self.send("Page.navigate", url=url)
        self.wait("document.readyState === 'complete'")

    def run(self, script):
        """The value of an expression in the page."""
        found = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def wait(self, script):
        """Waits until an expression is true."""
        end = time.monotonic() + self.seconds
        while not self.run(script):
            assert time.monotonic() < end, f"{script}: {self.run('document.body.innerText')}"
            time.sleep(0.02)

    def type(self, text):
        """Types into what has the focus."""
        self.send("Input.insertText", text=text)

    def press(self, key, code, text=""):
        """Presses a key, such as ``press("Tab", 9)`` or, since it makes text, ``press("Enter", 13, "\\r")``."""
        for kind in ("keyDown", "keyUp"):
            self.send(
                "Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, text=text
            )

    def keep(self, name):
        """A screenshot for people, in the folder that XCGRAPH_SCREENSHOTS names."""
        if folder := os.environ.get("XCGRAPH_SCREENSHOTS"):
            shot = base64.b64decode(self.send("Page.captureScreenshot")["data"])
            (Path(folder) / f"{name}.png").write_bytes(shot)

    def slip_in_scripts(self):
        """Puts markup and a script into the page that would set its title, if they ran."""
        self.run("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"document.title=1\">')")
        made = "const added = document.createElement('script'); added.textContent = 'document.title = 2';"
        self.run(f"{{ {made} document.body.append(added); }}")

    def _receive(self):
        end = time.monotonic() + self.seconds
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._in], [], [], max(0.0, end - time.monotonic()))
            part = os.read(self._in, 1 << 16) if ready else b""
            assert part, f"{BINARY} did not answer (exit code {self._process.poll()})"
            self._rest += part
        message, _, self._rest = self._rest.partition(b"\0")
        answer = json.loads(message)
        params = answer.get("params", {})
        if answer.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(params["exceptionDetails"])
        elif answer.get("method") == "Log.entryAdded" and params["entry"]["level"] in ("warning", "error"):
            self.complaints.append(params["entry"]["text"])
        elif answer.get("method") == "Runtime.consoleAPICalled" and params["type"] in ("warning", "error"):
            self.complaints.append(params["args"])
        return answer
