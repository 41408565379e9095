# SPDX-License-Identifier: MIT
"""Firefox without a screen, by its own remote protocol, Marionette (Debian package firefox-esr).

    with Firefox() as browser:
        browser.open("/tmp/page.html")
        print(browser.run("return document.title"))

The commands are those of the WebDriver standard; they come over a TCP connection, each a JSON text with
its length before it: [0, number, name, parameters], and the answer [1, number, error, result].
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from webdriver import SCRIPT_SECONDS, BrowserError

START_SECONDS = 120
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"   # the standard's name for a reference to one
# Nothing is asked of other hosts, and each Firefox has a port of its own.
PREFERENCES = {
    "marionette.port": 0, "app.update.enabled": False, "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False, "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False, "datareporting.policy.dataSubmissionEnabled": False,
    "toolkit.telemetry.enabled": False, "browser.shell.checkDefaultBrowser": False,
    "extensions.getAddons.cache.enabled": False, "app.normandy.enabled": False,
}


class Firefox:
    @staticmethod
    def program():
        return shutil.which("firefox-esr") or shutil.which("firefox")

    def __init__(self, width=1440, height=900):
        self.folder = tempfile.TemporaryDirectory(prefix="pagoda-firefox-")
        self.count = 0
        with open(os.path.join(self.folder.name, "user.js"), "w", encoding="utf-8") as file:
            for name, value in PREFERENCES.items():
                file.write(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n")
        self.process = subprocess.Popen(
            [self.program(), "--headless", "--no-remote", "--marionette", "--profile",
             self.folder.name, "--width", str(width), "--height", str(height), "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
            start_new_session=True)
        self.socket = None
        try:
            self.socket = self.connect()
            self.read()   # says who it is
            self.ask("WebDriver:NewSession", timeouts={
                "script": SCRIPT_SECONDS * 1000, "pageLoad": SCRIPT_SECONDS * 1000})
            self.ask("WebDriver:SetWindowRect", width=width, height=height)
        except BaseException:
            self.close()
            raise

    def connect(self):
        """It writes the port that it took into its profile."""
        name, deadline = os.path.join(self.folder.name, "MarionetteActivePort"), \
            time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(OSError, ValueError), open(name, encoding="utf-8") as file:
                return socket.create_connection(("127.0.0.1", int(file.read())),
                                                timeout=SCRIPT_SECONDS + 20)
            time.sleep(0.05)
        raise OSError("Firefox does not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.socket:
            self.socket.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.folder.cleanup()

    def receive(self, count):
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                raise OSError("Firefox has ended")
            data += more
        return data

    def read(self):
        length = b""
        while not length.endswith(b":"):
            length += self.receive(1)
        return json.loads(self.receive(int(length[:-1])))

    def ask(self, name, **parameters):
        self.count += 1
        text = json.dumps([0, self.count, name, parameters]).encode()
        self.socket.sendall(b"%d:%s" % (len(text), text))
        _, _, error, result = self.read()
        if error:
            raise BrowserError(f"{error['error']}: {error['message']}")
        return result.get("value") if isinstance(result, dict) else result

    def go(self, url):
        self.ask("WebDriver:Navigate", url="about:blank")
        self.ask("WebDriver:Navigate", url=url)

    def run(self, script, *args):
        """Runs a script in the page; what it returns (its promise, if it is one)."""
        return self.ask("WebDriver:ExecuteScript", script=script, args=list(args), sandbox=None)

    def text(self, selector):
        return self.run("return document.querySelector(arguments[0])?.textContent", selector)

    def click(self, selector):
        found = self.ask("WebDriver:FindElement", using="css selector", value=selector)
        self.ask("WebDriver:ElementClick", id=found[ELEMENT])
