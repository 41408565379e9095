# SPDX-License-Identifier: MIT
"""Two machines in the page share memory: both prove what they claim, and the page has seen every page
that they sent each other.

For `make check-web`, which has made the page."""

import os
import re
import sys
import time

sys.dont_write_bytecode = True
sys.path[:0] = ["scripts", "tests/host", "tests/host/browser"]
from shared.built import BUILD
from shared.tap import check, done
from webdriver import Browser

PICTURES = "build/check"
SECONDS = 280   # for a busy machine; what hangs is found by it


def wait(browser, condition):
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if browser.run(f"return Boolean({condition})"):
            return True
        time.sleep(0.05)
    return False


def check_output(output, sent, received):
    check("NOT SO" not in output and "none of 2 * 20 is lost" in output, "the counter is right")
    check("numbers in order, the same ones" in output, "the sort is right")
    came = sum(map(int, re.findall(r"; (\d+) pages came", output)))
    went = sum(map(int, re.findall(r"(\d+) went", output)))
    # The machines count for their two loads; they also tell each other what they counted.
    check(0 < came <= received and 0 < went <= sent,
          f"{came} pages came and {went} went, it says; the page has seen {received} and {sent}")


def main():
    os.makedirs(PICTURES, exist_ok=True)
    with Browser() as browser:
        browser.open(os.path.join(BUILD, "web/pagoda.html"), "#two=")
        check(wait(browser, "document.body.dataset.state === 'prompt' && "
                            "document.body.dataset.guide === 'ready'"), "the prompt")
        browser.click("#two-start")
        check(wait(browser, "pagoda.guide.two.shared?.sent[0] > 5"), "pages fly")
        browser.screenshot(os.path.join(PICTURES, "web-two.png"))
        check(wait(browser, "document.querySelector('#two').dataset.state === 'done'"), "they end")
        output = browser.run("return pagoda.guide.two.output") or ["", ""]
        sent = browser.run("return pagoda.guide.two.shared.sent")
        for i in range(2):
            check_output(output[i].replace("\r", ""), sent[i], sent[1 - i])
        states = browser.run("return pagoda.guide.two.shared.rights")
        check(all(sorted(pair) in (["none", "write"], ["read", "read"]) for pair in zip(*states)),
              "each page is written in one machine or read in both")
        check(wait(browser, "document.body.dataset.machine === 'runs'"), "the first one goes on")
    done()


if __name__ == "__main__":
    main()
