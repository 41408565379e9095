# SPDX-License-Identifier: MIT
"""What a lab is: docs/labs/NAME/lab, read; and the sources with its holes in them.

A line is `key: words`; those that begin with + or - belong to the hole before them.

    title: difficulty: hours:   for people (difficulty: 1 to 5)
    kind: kernel                what is handed in: kernel, tests, finding, machines (kinds.py), host
    mistakes: NAME...           of tests/mistakes: kernels of the two other kinds
    takes: FILE...              files that are taken from a submission, and no others
    public: hidden: TEST...     the tests; those that are hidden are not in the hand-out
    cases: unseen: CASE...      kind host: the same for a program of this machine (hosted.py)
    keeps: TEST...              tests of other things, which have to go on passing
    fails: TEST...              which of these fail with the bare hole
    chaos: TEST...              tests that are run again in chaos mode
    points: KIND N...           points of public, hidden, keeps, chaos and style
    solution: TEST...           kind tests: these notice all of the mistakes
    lines: N                    so many lines may be added to what was handed out
    hole: FILE FUNCTION         its body is replaced by the + lines that follow
    change: FILE FUNCTION       in it the - lines that follow become the + lines

A hole names a function, not a line: what else changes in the file does not disturb it, and if the
function is no more, Unfit says so (tests/host/labs-fit.py).
"""

import os
import re

FOLDER = "docs/labs"
LISTS = ("takes", "public", "hidden", "keeps", "fails", "chaos", "uses", "headers")
POINTS = ("public", "hidden", "keeps", "chaos", "style", "place", "test")
NEEDED = ("title", "difficulty", "hours", "takes", "points")


class Unfit(Exception):
    """The lab does not fit these sources, or is none."""


class Hole:
    def __init__(self, kind, file, function):
        self.kind, self.file, self.function = kind, file, function
        self.old, self.new = [], []

    def cut(self, text):
        """The file's text with the hole in it."""
        body = body_of(text, self.function)
        if not body:
            raise Unfit(f"{self.file} defines no {self.function}")
        new = "".join(line + "\n" for line in self.new)
        if self.kind == "hole":
            return text[:body.start(1)] + new + text[body.end(1):]
        old = "".join(line + "\n" for line in self.old)
        place = ("\n" + body.group(0)).find("\n" + old)
        if place < 0 or not old:
            raise Unfit(f"{self.function} has no such lines: {old.strip()}")
        place += body.start()
        return text[:place] + new + text[place + len(old):]


def body_of(text, function):
    """The match of a function's definition; group 1 is what stands between its braces."""
    return re.search(r"^[a-z][^\n;]*\b" + re.escape(function) + r"\([^;{]*\)\n\{\n(.*?)^\}\n",
                     text, re.MULTILINE | re.DOTALL)


def functions_of(text):
    """{name: its whole text}, of the functions that a file defines at its outer level."""
    found = {}
    for match in re.finditer(r"^[a-z][^\n;=]*?\b(\w+)\([^;{]*\)\n\{\n(.*?)^\}\n", text,
                             re.MULTILINE | re.DOTALL):
        found[match.group(1)] = match.group(0)
    return found


class Lab:
    def __init__(self, name, root="."):
        self.name = name
        self.folder = os.path.join(FOLDER, name)
        self.fields, self.holes = {}, []
        path = os.path.join(root, self.folder, "lab")
        if not re.fullmatch(r"[a-z][a-z0-9-]*", name) or not os.path.exists(path):
            raise Unfit(f"there is no lab {name or 'without a name'}; there are: "
                        + " ".join(names(root)))
        self.read(path)
        missing = [key for key in NEEDED if key not in self.fields]
        if missing:
            raise Unfit(f"{path} does not say {', '.join(missing)}")
        for key in LISTS:
            setattr(self, key, self.fields.get(key, "").split())
        words = self.fields["points"].split()
        self.points = {kind: int(points) for kind, points in zip(words[::2], words[1::2])}
        self.title, self.kind = self.fields["title"], self.fields.get("kind", "kernel")
        self.lines = int(self.fields.get("lines", "100"))

    def read(self, path):
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file.read().splitlines(), 1):
                key, colon, words = line.partition(": ")
                if line.startswith(("+", "-")) and self.holes:
                    hole = self.holes[-1]
                    (hole.new if line[0] == "+" else hole.old).append(line[2:])
                elif key in ("hole", "change"):
                    self.holes.append(Hole(key, *words.split()))
                elif colon and re.fullmatch(r"[a-z]+", key):
                    self.fields[key] = (self.fields.get(key, "") + " " + words).strip()
                elif line and not line.startswith("#"):
                    raise Unfit(f"{path}:{number}: what is this? {line}")

    @property
    def tests(self):
        return self.public + self.hidden + self.keeps

    def cut(self, path, text):
        """The text of a file as it is handed out."""
        for hole in self.holes:
            if hole.file == path:
                text = hole.cut(text)
        return text

    def handed_out(self, path, root="."):
        """A file that is taken, as it is handed out; "" if it is the student's to make."""
        full = os.path.join(root, path)
        start = os.path.join(root, self.folder, "start", path)
        if os.path.exists(start):
            full = start  # of a hand-out, or of a lab that begins with a file of its own
        if not os.path.exists(full):
            return ""
        with open(full, encoding="utf-8") as file:
            return self.cut(path, file.read())


def names(root="."):
    folder = os.path.join(root, FOLDER)
    return sorted(name for name in os.listdir(folder)
                  if os.path.exists(os.path.join(folder, name, "lab")))
