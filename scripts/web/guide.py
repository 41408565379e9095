# SPDX-License-Identifier: MIT
"""What the guide beside the machine has: the lessons of docs/lessons.md, whose text becomes HTML by
cmark-gfm, the examples of the editor, and sheets of exercises as scripts/exercise makes them."""

import glob
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE), os.path.join(os.path.dirname(HERE), "exercises")]
import docs
import formats
import lessons
import questions
import toy

EXAMPLES = ("touch", "fork", "shared", "handler")  # in this order
SHEETS = 12     # of each machine; scripts/exercise makes any
QUESTIONS = 6   # of a kind, at most: scripts/exercise's --count
TEXTS = ("text", "look", "question", "why")


MAKER = docs.Maker("docs")


def to_html(markdown):
    """A piece of the lessons; its links lead to the pages of docs.py, in the folder docs."""
    html = subprocess.run(["cmark-gfm", "-e", "table"], input=markdown, text=True, check=True,
                          stdout=subprocess.PIPE).stdout.strip()
    return re.sub('href="(?![a-z]+:)', 'href="docs/', MAKER.with_links(lessons.NAME, html))


def in_line(html):
    """Without the paragraph around it."""
    return re.sub(r"^<p>(.*)</p>$", r"\1", html, flags=re.DOTALL)


def step_data(step):
    return {name: in_line(to_html(value)) if name in TEXTS and name != "text"
            else to_html(value) if name == "text" else value for name, value in step.items()}


def lesson_data(lesson):
    return {**lesson, "text": to_html(lesson["text"]),
            "steps": [step_data(step) for step in lesson["steps"]]}


def example_data(path):
    """Its first line says what it shows, before `prints:`."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    return {"name": os.path.basename(path)[:-2], "text": text,
            "title": re.match(r"/\* (.*?)\.? prints:", text).group(1)}


def data():
    """The bytes of guide.json."""
    paths = [os.path.join(HERE, "examples", f"{name}.c") for name in EXAMPLES]
    assert set(paths) == set(glob.glob(os.path.join(HERE, "examples", "*.c"))), EXAMPLES
    return json.dumps({"lessons": [lesson_data(lesson) for lesson in lessons.read()],
                       "examples": [example_data(path) for path in paths]}).encode()


def sheet_data(machine, seed):
    sheet = questions.Sheet(machine, toy.Memory(machine, seed), seed, questions.KINDS, QUESTIONS)
    return formats.parts_html(sheet)


def exercises():
    """The bytes of exercises.json: of each classical machine its sheets, from seed 1 on."""
    machines = {name: toy.machine_of([name]) for name in toy.CLASSICAL}
    return json.dumps({name: [sheet_data(machine, str(seed)) for seed in range(1, SHEETS + 1)]
                       for name, machine in machines.items()}).encode()
