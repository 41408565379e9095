# SPDX-License-Identifier: MIT
"""Changes of the sources that files of tests/mistakes and tests/claims describe, made in a copy of
the tree: each of one function's text.

    What was done, in words.

    file: vm/pagedir.c
    in: harvest
    - a line as it is
    + and as it is instead

Further `file:` begin further edits. What other `NAME: VALUE` there may be says who reads them.
"""

import os
import re
import resource
import shutil
import subprocess

HANGS = 300  # seconds after which nothing more is expected
NOT_COPIED = {"build", ".git"}


class Unfit(Exception):
    """The change cannot be made in these sources."""


class Edit:
    """Lines of one function, and what stands there instead."""

    def __init__(self, file):
        self.file, self.function, self.old, self.new = file, "", [], []

    def changed(self, text):
        """The file's text with the change in it."""
        body = re.search(r"^[a-z][^\n;]*\b" + self.function + r"\(.*?^}\n", text,
                         re.MULTILINE | re.DOTALL)
        if not body:
            raise Unfit(f"{self.file} defines no {self.function}")
        old, new = "\n".join(self.old) + "\n", "\n".join(self.new) + "\n"
        # Whole lines: the first of them may be the function's own.
        place = ("\n" + body.group(0)).find("\n" + old)
        if place < 0:
            raise Unfit(f"{self.function} has no such lines: {old.strip()}")
        place += body.start()
        return text[:place] + new + text[place + len(old):]


class Change:
    """One file of the kind. edits: of one or several functions; fields: {name: [value]} of the
    names that may stand once, and of those that may stand often."""

    def __init__(self, path, once, often):
        self.fields = {name: [] for name in once | often}
        self.edits = []
        with open(path, encoding="utf-8") as file:
            self.words = file.readline().strip()
            for line in file.read().split("\n"):
                found = re.fullmatch(r"([a-z]+): (.*)", line)
                if found and found.group(1) == "file":
                    self.edits.append(Edit(found.group(2)))
                elif found and found.group(1) in self.fields:
                    self.fields[found.group(1)].append(found.group(2))
                elif line.strip():
                    self.line_of_edit(line, found)
        for edit in self.edits:
            if not edit.function or not edit.old:
                raise Unfit(f"a change of {edit.file} lacks a function or lines")
        if any(len(self.fields[name]) > 1 for name in once):
            raise Unfit(f"more than one of {', '.join(sorted(once))}")

    def line_of_edit(self, line, field):
        if not self.edits:
            raise Unfit(f"this belongs to no file: {line}")
        edit = self.edits[-1]
        if field and field.group(1) == "in":
            edit.function = field.group(2)
        elif line[:2] in ("- ", "+ ", "-", "+"):
            (edit.old if line[0] == "-" else edit.new).append(line[2:])
        else:
            raise Unfit(f"what is this: {line}")

    def apply(self, tree):
        """Makes the change in the tree; returns {path: the text before}."""
        before = {}
        for edit in self.edits:
            path = os.path.join(tree, edit.file)
            with open(path, encoding="utf-8") as file:
                text = file.read()
            changed = edit.changed(text)
            before.setdefault(path, text)
            with open(path, "w", encoding="utf-8") as file:
                file.write(changed)
        return before


def copy_tree(tree):
    """The sources, as they are now, into the tree; what has not changed keeps its time, so that
    it is not built again."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            check=True, capture_output=True, text=True).stdout
    wanted = {path for path in listed.split("\0") if path and os.path.isfile(path)}
    for path in wanted:
        target = os.path.join(tree, path)
        with open(path, "rb") as source:
            content = source.read()
        if os.path.exists(target):
            with open(target, "rb") as file:
                if file.read() == content:
                    continue
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy2(path, target)
        os.utime(target)
    for folder, folders, files in os.walk(tree):
        folders[:] = [name for name in folders if name not in NOT_COPIED]
        for name in files:
            path = os.path.join(folder, name)
            if os.path.relpath(path, tree) not in wanted:
                os.remove(path)
    cache = os.path.join(tree, ".cache")
    if not os.path.islink(cache):
        os.symlink(os.path.abspath(".cache"), cache)


def make(tree, *arguments):
    """make, in the tree; what it printed, its status, and its seconds of processor time."""
    # What the make that started this one was told is not for the student's.
    mine = {name: value for name, value in os.environ.items()
            if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES")}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        done = subprocess.run(["make", "--no-print-directory", "-C", tree, *arguments],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace",
                              timeout=HANGS, check=False, env=mine)
        text, status = done.stdout, done.returncode
    except subprocess.TimeoutExpired as error:
        text, status = (error.stdout or b"").decode(errors="replace"), None
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return text, status, (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)
