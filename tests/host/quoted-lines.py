#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the pages of docs/ quote of consoles and gdb is about the sources as they are: `FUNCTION at
FILE:LINE` is a line of that function or lies near it, and what an assertion says stands near the
line that it is quoted from. Near, since who writes above a function should not have to mend pages
each time: when it has moved so far that a reader would look in vain, this test says where to."""

import glob
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
os.chdir(ROOT)
NEAR = 40  # lines
FILE = r"(?:\./)?((?:boot|kernel|vm|lib|userprog|tests)/[\w./-]+\.[chS])"
CALL = re.compile(r"\b(?<!pinned )([a-z_]\w+)(?: \([^\n]*\))? at " + FILE + r":(\d+)")
SAYING = re.compile(FILE + r":(\d+): (?:expected: )?([^(\n]+?)(?: \(expected |\n)")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def lines_of(text, function):
    """The first and last line of the function's definition, or None."""
    name = re.escape(function)
    body = re.search(rf"^[A-Za-z_](?:[^\n;]*\b)?{name}\([^;{{]*\)\n?\{{.*?^\}}", text,
                     re.MULTILINE | re.DOTALL) or \
        re.search(rf"^{name}:.*?\.size {name}", text, re.MULTILINE | re.DOTALL)
    if not body:
        return None
    first = text[:body.start()].count("\n") + 1
    return first, first + body.group().count("\n")


def wrong_call(function, path, line):
    if not os.path.exists(path):
        return f"there is no {path}"
    place = lines_of(read(path), function)
    if not place:
        return f"{path} defines no {function}"
    if not place[0] - NEAR <= line <= place[1] + NEAR:
        return f"{function} is at {path}:{place[0]} to {place[1]}, not {line}"
    return ""


def wrong_saying(path, line, words):
    """The words are a format's: a number may stand where a conversion does."""
    if not os.path.exists(path):
        return f"there is no {path}"
    found = [number for number, text in enumerate(read(path).split("\n"), 1)
             if re.sub(r"\d+", "", words.split(" ... ")[0]).strip() in re.sub(r"%\w+|\d+", "", text)]
    if not found:
        return f"{path} does not say: {words}"
    if min(abs(number - line) for number in found) > NEAR:
        return f"{path} says it in line {found[0]}, not {line}: {words}"
    return ""


def results():
    for page in sorted(glob.glob("docs/*.md")):
        text = read(page)
        for function, path, line in CALL.findall(text):
            yield f"{page}: {function} at {path}:{line}", wrong_call(function, path, int(line))
        for path, line, words in SAYING.findall(text):
            if words != "...":
                yield f"{page}: {path}:{line}: {words}", wrong_saying(path, int(line), words)
    yield ("a function that is not there is missed",
           "" if wrong_call("frame_lost", "vm/frame.c", 1) else "it is not")
    yield ("a line far from its function is missed",
           "" if wrong_call("frame_unpin", "vm/frame.c", 100000) else "it is not")
    yield ("words that nobody says are missed",
           "" if wrong_saying("vm/frame.h", 1, "nobody says this") else "they are not")


all_results = list(results())
for number, (what, wrong) in enumerate(all_results, 1):
    print(f"{'not ok' if wrong else 'ok'} {number} - {what}" + (f"\n# {wrong}" if wrong else ""))
print(f"1..{len(all_results)}")
sys.exit(any(wrong for _, wrong in all_results))
