#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each lab of docs/labs fits the sources as they are: its holes find their functions, its tests
exist, its points make 100, its pages are there and docs/labs/README.md lists it. So do the changes
that tests/labs makes of submissions. That the hole fails what the page says, and what is said of
such a submission, `make check-labs` shows."""

import glob
import importlib.machinery
import importlib.util
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
os.chdir(ROOT)
sys.path[:0] = ["tests/host/shared", "scripts/labs"]
import tap
import lab as labs
import submission


def faults(name):
    lab = labs.Lab(name)
    for path in {hole.file for hole in lab.holes}:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        if lab.cut(path, text) == text:
            yield f"its holes change nothing in {path}"
        if path not in lab.takes:
            yield f"{path} has a hole and is not taken"
    for test in lab.tests + lab.chaos:
        if not any(os.path.exists(f"tests/{test}{end}") for end in (".c", ".py")):
            yield f"there is no test {test}"
    for mistake in lab.fields.get("mistakes", "").split():
        if not os.path.exists(f"tests/mistakes/{mistake}.txt"):
            yield f"there is no mistake {mistake}"
    unknown = set(lab.fails) - set(lab.tests)
    if unknown:
        yield f"fails: names what is no test of the lab: {' '.join(sorted(unknown))}"
    if sum(lab.points.values()) != 100 or set(lab.points) - set(labs.POINTS):
        yield f"its points are {lab.points}"
    for page in ("handout.md", "instructor.md"):
        if not os.path.exists(os.path.join(lab.folder, page)):
            yield f"it has no {page}"
    with open("docs/labs/README.md", encoding="utf-8") as file:
        row = f"| [{name}]({name}/instructor.md) | {lab.fields['difficulty']} | {lab.fields['hours']} |"
        if row not in file.read():
            yield f"docs/labs/README.md has no row {row}"


for name in labs.names():
    try:
        wrong = list(faults(name))
    except labs.Unfit as error:
        wrong = [str(error)]
    tap.check(not wrong, f"{name}: {'; '.join(wrong) or 'fits'}")
tap.check(labs.names(), "there are labs")
loader = importlib.machinery.SourceFileLoader("check_labs", "scripts/labs/check-labs")
check_labs = importlib.util.module_from_spec(importlib.util.spec_from_loader("check_labs", loader))
loader.exec_module(check_labs)
cases = sorted(glob.glob("tests/labs/*.txt"))
for path in cases:
    try:
        with tempfile.TemporaryDirectory() as scratch:
            check_labs.Case(path).write(scratch)
        wrong = ""
    except labs.Unfit as error:
        wrong = str(error)
    tap.check(not wrong, f"{path}: {wrong or 'fits'}")
tap.check(cases, "there are cases")
for name in labs.names():
    with tempfile.TemporaryDirectory() as scratch:
        made = subprocess.run(["scripts/labs/made-up", name, scratch, "6"], capture_output=True,
                              text=True, check=False)
        texts = [submission.take(labs.Lab(name), os.path.join(scratch, f"student-{n:02}"), ".")
                 for n in range(1, 7)] if made.returncode == 0 else []
        tap.check(texts and submission.unchanged(labs.Lab(name), texts[1], ".") and
                  not submission.unchanged(labs.Lab(name), texts[0], ".") and texts[4] != texts[0],
                  f"{name}: a class of it can be made up {made.stderr[-200:]}")
tap.done()
