# SPDX-License-Identifier: MIT
"""scripts/trace/swimlane.py draws what happened, in its order, and nothing over anything else.

From the sample trace, which has every kind of event: a copy-on-write fault, and one that waited
for the disk. (docs/fault.md has pictures of real ones.)
"""

import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

sys.dont_write_bytecode = True
sys.path.insert(0, "tests/host/shared")
import tap

SAMPLE = "scripts/trace/sample.jsonl"
LETTER = 6.6  # how wide one is, about, at 12 pixels
CASES = [
    ("ANON_COPY", [], [
        "demo[8] writes to 0xb7ff0010: row ANON_COPY, minor", "page fault, at eip 0x80480f0",
        "row ANON_COPY", "frame 0x305 is taken", "the page is copied:", "frame 0x2fa to 0x305",
        "is made, in frame 0x305", "the entry is set:", "frame 0x305 PWU--",
        "iret: the same instruction"]),
    ("FILE_READ", ["--sleeps"], [
        "row FILE_READ, major", "not present", "row FILE_READ", "frame 0x2fc is taken",
        "it is to hold the file's page", "read sector 8000 into frame 0x2fc",
        "it sleeps, with no lock held", "interrupt: done", "it runs again, and starts from the top",
        "the entry is set:", "iret: the same instruction"]),
]


def texts_of(path):
    """(x, y, anchor, words) of all words, from top to bottom; and how wide the picture is."""
    root = xml.parse(path).getroot()
    found = [(float(text.get("x")), float(text.get("y")), text.get("text-anchor"), text.text)
             for text in root.iter("{http://www.w3.org/2000/svg}text")]
    return sorted(found, key=lambda text: text[1]), float(root.get("width"))


def span(text):
    """From where to where its words go."""
    x, _, anchor, words = text
    width = LETTER * len(words)
    left = x - {"start": 0, "middle": width / 2, "end": width}[anchor]
    return left, left + width


def overlapping(texts):
    """Two that lie over each other, as words, or None."""
    for i, one in enumerate(texts):
        for other in texts[i + 1:]:
            if other[1] - one[1] < 11 and span(one)[0] < span(other)[1] and \
                    span(other)[0] < span(one)[1]:
                return f"'{one[3]}' and '{other[3]}'"
    return None


def first_missing(wanted, texts):
    """The first of the phrases that does not come after those before it."""
    lines = iter(words for *_, words in texts)
    return next((phrase for phrase in wanted if not any(phrase in line for line in lines)), None)


def main():
    with tempfile.TemporaryDirectory(prefix="pagoda-swimlane-") as folder:
        picture = os.path.join(folder, "fault.svg")
        for row, options, wanted in CASES:
            done = subprocess.run(["scripts/trace/swimlane.py", SAMPLE, picture, "--row", row,
                                   *options], check=False)
            if not tap.check(done.returncode == 0, f"{row} is drawn"):
                continue
            texts, width = texts_of(picture)
            missing = first_missing(wanted, texts)
            tap.check(missing is None, f"{row}: all of it, in order: {missing or 'yes'}")
            over = overlapping(texts)
            tap.check(over is None, f"{row}: nothing lies over anything: {over or 'yes'}")
            beyond = [text[3] for text in texts if span(text)[1] > width]
            tap.check(not beyond, f"{row}: nothing leaves the picture: {beyond or 'yes'}")
        done = subprocess.run(["scripts/trace/swimlane.py", SAMPLE, picture, "--row", "PAST_END"],
                              stderr=subprocess.PIPE, text=True, check=False)
        tap.check(done.returncode == 1 and "no such fault" in done.stderr,
                  "a row that did not happen is not drawn")
    tap.done()


if __name__ == "__main__":
    main()
