# SPDX-License-Identifier: MIT
"""A browser without a screen, as the WebDriver standard (W3C) says: JSON over HTTP.

    with Browser() as browser:
        browser.open("/tmp/page.html")
        print(browser.run("return document.title"))

Needs Debian's chromium and chromium-driver; Browser.missing() says what is not there.
"""

import base64
import fnmatch
import glob
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the standard's name for a reference
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
         "--no-first-run", "--hide-scrollbars"]
KEYS = {"Tab": "\ue004", "Enter": "\ue007", "Shift": "\ue008", "Escape": "\ue00c", "End": "\ue010",
        "Home": "\ue011", "ArrowLeft": "\ue012", "ArrowUp": "\ue013", "ArrowRight": "\ue014",
        "ArrowDown": "\ue015", "PageUp": "\ue00e", "PageDown": "\ue00f"}
SCRIPT_SECONDS = 280   # generous: a busy machine is slow, and who hangs is ended by the test's own limit
ANSWER_SECONDS = SCRIPT_SECONDS + 20


def stat_lines(pattern):
    """(name, fields after it) of each of these files of proc(5); those that end meanwhile have none."""
    for path in glob.glob(pattern):
        try:
            with open(path, encoding="utf-8", errors="replace") as stat:
                head, _, rest = stat.read().rpartition(")")
        except OSError:
            continue
        if rest:
            yield head.partition("(")[2], rest.split()


class Browser:
    @staticmethod
    def missing():
        """What a browser needs and this machine does not have, or an empty text."""
        return " and ".join(name for name in ("chromium", "chromedriver")
                            if not shutil.which(name))

    def __init__(self, width=1440, height=900):
        self.folder = tempfile.TemporaryDirectory(prefix="pagoda-browser-")
        self.process = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                        start_new_session=True, text=True)
        self.session = ""
        try:
            self.port = self.read_port()
            flags = FLAGS + [f"--user-data-dir={self.folder.name}",
                             f"--window-size={width},{height}"]
            answer = self.ask("POST", "", {"capabilities": {"alwaysMatch": {
                "browserName": "chrome", "timeouts": {
                    "script": SCRIPT_SECONDS * 1000, "pageLoad": SCRIPT_SECONDS * 1000},
                "goog:chromeOptions": {
                    "binary": shutil.which("chromium"), "args": flags}}}})
            self.session = "/" + answer["sessionId"]
            # The window has a frame that is drawn nowhere; the page is to have this size.
            self.command("Emulation.setDeviceMetricsOverride", width=width, height=height,
                         deviceScaleFactor=1, mobile=False)
        except BaseException:
            self.close()
            raise

    def read_port(self):
        for line in self.process.stdout:
            found = re.search(r"started successfully on port (\d+)", line)
            if found:
                return int(found.group(1))
        raise OSError("chromedriver does not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        try:
            if self.session:
                self.ask("DELETE", self.session)
        except (OSError, http.client.HTTPException, BrowserError):
            pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.process.stdout.close()
        self.folder.cleanup()

    def processes(self):
        """The numbers of the browser's processes that live."""
        children = {}
        for number in filter(str.isdigit, os.listdir("/proc")):
            for _, fields in stat_lines(f"/proc/{number}/stat"):
                children.setdefault(int(fields[1]), []).append(int(number))
        found = [self.process.pid]
        for number in found:
            found += children.get(number, [])
        return found

    def processor_seconds(self, thread="*"):
        """The processor time so far of those of their threads that have such a name."""
        return sum(int(fields[11]) + int(fields[12]) for number in self.processes()
                   for name, fields in stat_lines(f"/proc/{number}/task/*/stat")
                   if fnmatch.fnmatch(name, thread)) / os.sysconf("SC_CLK_TCK")

    def ask(self, method, path, body=None):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/session{path}", method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            value = json.load(error)["value"]
            raise BrowserError(f"{value['error']}: {value['message']}") from None

    def post(self, path, **body):
        return self.ask("POST", self.session + path, body)

    def command(self, name, **parameters):
        """A command of Chromium's own protocol."""
        return self.post("/goog/cdp/execute", cmd=name, params=parameters)

    def open(self, path, after=""):
        """Opens a file; `after` is what follows the name in its address: "#event=3"."""
        self.go("file://" + os.path.abspath(path) + after)

    def go(self, url):
        """Anew, also if only what follows # is another."""
        self.post("/url", url="about:blank")
        self.post("/url", url=url)

    def run(self, script, *args):
        """Runs a script in the page; what it returns (its promise, if it is one)."""
        return self.post("/execute/sync", script=script, args=list(args))

    def text(self, selector):
        return self.run("return document.querySelector(arguments[0])?.textContent", selector)

    def click(self, selector):
        found = self.post("/element", using="css selector", value=selector)
        self.post(f"/element/{found[ELEMENT]}/click")

    def click_at(self, x, y):
        self.post("/actions", actions=[{"type": "pointer", "id": "mouse", "actions": [
            {"type": "pointerMove", "x": round(x), "y": round(y), "duration": 0},
            {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]}])

    def press(self, *names):
        """Presses the keys together, in this order, and lets them go."""
        keys = [KEYS.get(name, name) for name in names]
        actions = [{"type": "keyDown", "value": key} for key in keys]
        actions += [{"type": "keyUp", "value": key} for key in reversed(keys)]
        self.post("/actions", actions=[{"type": "key", "id": "keyboard", "actions": actions}])

    def theme(self, name):
        """What the page is told that the user prefers: light or dark."""
        self.command("Emulation.setEmulatedMedia",
                     features=[{"name": "prefers-color-scheme", "value": name}])

    def screenshot(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.ask("GET", self.session + "/screenshot")))


class BrowserError(Exception):
    """The browser could not do what it was asked."""
