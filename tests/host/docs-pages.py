# SPDX-License-Identifier: MIT
"""The pages that scripts/web/docs.py makes of docs/ and the READMEs: every link leads somewhere, a
`FILE:NAME` to the line that defines the name; in a browser, the search finds, by keys alone.

Needs cmark-gfm, and for the search Chromium; without them it is skipped."""

import html
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path[:0] = ["scripts", "scripts/web", "tests/host/browser"]
import docs
from shared.tap import check, done
from webdriver import Browser

SKIPPED = 77  # scripts/check
PICTURES = "build/check"
SEARCHES = [("belady", "lessons.html#"), ("backwards panic", "record-replay.html"),
            ("fault_resolve", "html")]


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def marks(text):
    return set(re.findall(r'\bid="([^"]+)"', text))


def broken_links(folder, path, known):
    """Links of a file that lead nowhere in the folder; known: the marks of each file, once read."""
    for target in re.findall(r'\b(?:href|src)="([^"]+)"', read(os.path.join(folder, path))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, mark = html.unescape(target).partition("#")
        place = os.path.normpath(os.path.join(os.path.dirname(path), name)) if name else path
        whole = os.path.join(folder, place)
        if not os.path.isfile(whole):
            yield f"{path}: {target}"
        elif mark:
            if place not in known:
                known[place] = marks(read(whole))
            if mark not in known[place]:
                yield f"{path}: {target}"


def files(folder):
    for place, _, names in os.walk(folder):
        for name in names:
            if name.endswith(".html"):
                yield os.path.relpath(os.path.join(place, name), folder)


def check_code_links(folder):
    """Each FILE:NAME of concepts.md opens at a line with that name."""
    text, wrong, count = read(os.path.join(folder, "concepts.html")), [], 0
    for target, path, name in re.findall(
            r'<a href="([^"]+)"><code>([\w./-]+\.(?:[chS]|py|gdb)):(\w+)</code></a>', text):
        line = re.search(r"#L(\d+)$", target)
        lines = read(path).split("\n")
        count += 1
        if not line or not re.search(rf"\b{name}\b", lines[int(line.group(1)) - 1]):
            wrong.append(target)
    check(not wrong, f"{count} names of concepts.md open at their line " + " ".join(wrong[:5]))
    check(count > 60, "and there are many of them")


def check_search(folder):
    os.makedirs(PICTURES, exist_ok=True)
    with Browser() as browser:
        browser.open(os.path.join(folder, "index.html"))
        for asked, wanted in SEARCHES:
            browser.press("/")
            browser.run("document.activeElement.value = ''")
            for key in asked:
                browser.press(key)
            found = browser.run("return [...document.querySelectorAll('#found a')]"
                                ".map((one) => one.href)")
            check(any(wanted in address for address in found), f"a search for {asked}: {found[:3]}")
        browser.press("Enter")
        check(browser.run("return location.href").startswith("file:"), "Enter opens the first")
        for name, page in (("docs-lessons", "lessons.html"), ("docs-source", "source/vm/fault.c.html")):
            browser.open(os.path.join(folder, page))
            wide = browser.run("return document.documentElement.scrollWidth <= innerWidth")
            check(wide, f"{page}: nothing is wider than the window")
            browser.screenshot(os.path.join(PICTURES, f"{name}.png"))


def main():
    if not shutil.which("cmark-gfm"):
        print("there is no cmark-gfm here (make docs installs it)")
        sys.exit(SKIPPED)
    with tempfile.TemporaryDirectory(prefix="pagoda-docs-") as folder:
        folder = os.path.join(folder, "pages")
        made = subprocess.run(["scripts/web/docs.py", folder], stdout=subprocess.PIPE, text=True,
                              check=False)
        check(made.returncode == 0, made.stdout.strip())
        for page in docs.pages():
            check(os.path.isfile(os.path.join(folder, docs.address(page))), page)
        known, broken = {}, []
        for path in files(folder):
            broken += broken_links(folder, path, known)
        check(not broken, "every link leads somewhere " + "; ".join(broken[:10]))
        check_code_links(folder)
        if Browser.missing():
            print(f"# without {Browser.missing()}: no search")
        else:
            check_search(folder)
    done()


if __name__ == "__main__":
    main()
