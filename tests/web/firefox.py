# SPDX-License-Identifier: MIT
"""The page as one file in Firefox: prompt, demos, the two eyes, time that stands, stops, a saved machine,
a lesson by its buttons, two machines. Skipped where there is no Firefox (Debian package firefox-esr)."""

import os
import sys

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "tests/host/browser"), os.path.join(ROOT, "tests/web")]
import page
from firefox import Firefox

DEMOS = ["cow", "clock", "shared", "nx"]


def two_machines(browser, check):
    browser.run("document.querySelector('#two-start').click()")
    done = page.wait_for(browser, "return document.querySelector('#two-start').closest("
                                  "'[data-state]')?.dataset.state === 'done'")
    check.that(done and "from A to B" in browser.text("#two-status"),
               f"two machines share memory: {browser.text('#two-status')}")


SCROLL_BARS = """
    const {documentElement: root} = document.getElementById("memory").contentDocument;
    const colour = (name) => {
        root.dataset.theme = name;
        return [getComputedStyle(root.querySelector("main")).scrollbarColor,
            getComputedStyle(root).colorScheme];
    };
    return {dark: colour("dark"), light: colour("light"), whole: root.scrollHeight, seen: root.clientHeight};"""


def narrow(browser, check):
    """800 pixels wide: the picture has one scroll bar, in the theme's colours."""
    browser.ask("WebDriver:SetWindowRect", width=800, height=900)
    bars = page.wait_for(browser, f"const bars = (() => {{{SCROLL_BARS}}})(); "
                                  "return bars.whole <= bars.seen && bars", 20) or browser.run(SCROLL_BARS)
    check.that(bars["whole"] <= bars["seen"], f"one scroll bar: {bars}")
    check.that("auto" not in (bars["dark"][0], bars["light"][0]) and bars["dark"] != bars["light"],
               f"in colours of the theme: {bars}")


def main():
    if not Firefox.program():
        print("needs firefox (Debian package firefox-esr)")
        return 77
    check = page.Checks()
    build = os.path.dirname(os.environ["OBJ"])
    with Firefox() as browser:
        page.opened(browser, check, f"file://{os.path.abspath(build)}/web/pagoda.html", "in Firefox")
        browser.run(page.LISTEN)
        page.demos(browser, check, DEMOS)
        page.sees(browser, check)
        page.time_stands(browser, check)
        page.stops(browser, check)
        page.saved(browser, check)
        page.lesson(browser, check)
        two_machines(browser, check)
        narrow(browser, check)
        check.that(page.console_messages(browser) == [],
                   f"no message {page.console_messages(browser)[:3]}")
    print(f"\n{check.passed} passed, {check.failed} failed")
    return check.failed > 0


if __name__ == "__main__":
    sys.exit(main())
