# SPDX-License-Identifier: MIT
"""What the guide beside the machine has: the lessons of docs/lessons.md, whose text becomes HTML by
cmark-gfm, and the examples of the editor."""

import glob
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
import lessons

EXAMPLES = ("touch", "fork", "shared", "handler")  # in this order
TEXTS = ("text", "look", "question", "why")


def to_html(markdown):
    return subprocess.run(["cmark-gfm", "-e", "table"], input=markdown, text=True, check=True,
                          stdout=subprocess.PIPE).stdout.strip()


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
