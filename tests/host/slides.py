# SPDX-License-Identifier: MIT
"""scripts/slides: what it makes of some pages has the words of them, their pictures, loads nothing, and
each slide fits a projector's 1280 by 720."""

import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, "tests/host/browser")
from shared.tap import check, done
from webdriver import Browser

PAGES = ["docs/fault.md", "vm/README.md", "docs/myths.md"]
SIZE = "const slide = document.querySelector('.slide.shown');" \
    "return [document.getElementById('where').textContent, slide.scrollHeight <= slide.clientHeight" \
    " && slide.scrollWidth <= slide.clientWidth, parseInt(slide.style.fontSize)]"
PRESS = "dispatchEvent(new KeyboardEvent('keydown', {{key: '{}'}}))"


def words_of(text):
    return len(re.findall(r"[a-z]{4,}", text.lower()))


def check_page(page, folder):
    path = os.path.join(folder, page.replace("/", "-") + ".html")
    made = subprocess.run(["scripts/slides", page, path], capture_output=True, text=True, check=False)
    check(made.returncode == 0, f"{page}: {made.stdout.strip()} {made.stderr.strip()[:100]}")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    loads = [target for target in re.findall(r"<(?!a\b)[^>]*?\b(?:src|href)=\"([^\"]{1,60})", text)
             if not target.startswith("data:")]
    check(not loads, f"{page}: it loads nothing {loads[:3]}")
    with open(page, encoding="utf-8") as file:
        source = file.read()
    pictures = len(re.findall(r"!\[", source))
    check(len(re.findall(r"src=\"data:image", text)) == pictures, f"{page}: its {pictures} pictures are in it")
    plain = re.sub(r"<[^>]*>", " ", text[text.index("<body>"):text.index("<script")])
    check(words_of(plain) >= 0.9 * words_of(re.sub(r"\]\([^)]*\)", "]", source)), f"{page}: no words are lost")
    return path


def check_seen(path):
    with Browser(1280, 720) as browser:
        browser.open(path)
        count = int(browser.run(SIZE)[0].split("/")[1])
        wrong = []
        for number in range(1, count + 1):
            where, fits, size = browser.run(SIZE)
            if where != f"{number} / {count}" or not fits or size < 14:
                wrong.append(f"{where}: {'fits' if fits else 'does not fit'}, {size} px")
            browser.run(PRESS.format("ArrowRight"))
        check(not wrong, f"{os.path.basename(path)}: {count} slides fit, as they are gone through "
              f"{'; '.join(wrong[:4])}")
        browser.run(PRESS.format("Home"))
        check(browser.run(SIZE)[0].startswith("1 /"), "and back to the first")


def main():
    if not shutil.which("pandoc"):
        print("1..0 # SKIP there is no pandoc here")
        return
    with tempfile.TemporaryDirectory(prefix="pagoda-slides-") as folder:
        paths = [check_page(page, folder) for page in PAGES]
        for path in paths if not Browser.missing() else []:
            check_seen(path)
    made = subprocess.run(["scripts/slides", "no-such.md", "x"], capture_output=True, text=True, check=False)
    check(made.returncode == 1 and "scripts/slides docs/fault.md" in made.stderr, "no page: says how to call it")
    done()


if __name__ == "__main__":
    main()
