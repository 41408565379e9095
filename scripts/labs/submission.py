# SPDX-License-Identifier: MIT
"""A submission's files in a tree of the reference, looked at and compiled.

What is handed in becomes part of the kernel, and a kernel can do all that its machine can. So it
may use what the reference uses, and what vm/ and lib/ offer, and nothing else: no other header, no
assembler, no name of the console or of the device that ends the guest.
"""

import os
import re
import shutil
import subprocess
import sys

import lab as labs

sys.dont_write_bytecode = True
LONGEST_FUNCTION, LONGEST_LINE = 40, 100
COMPILE_SECONDS = 300
FOLDERS_DEEP = 2  # around what was handed in
OBJECTS = "build/checked/obj"
OPEN_TO_ALL = ("vm/", "lib/")
NO_NAMES = re.compile(r"\b(?:__)?asm(?:__)?\b|\b__attribute(?:__)?\s*\(\([^;{]*?\b_*(?:section|"
                      r"constructor|destructor|alias|ifunc)|\b_Pragma\b")
# A line that says which file the next ones are of: they would pass for a header's.
LINE_OF = re.compile(r"^(?:\s|/\*.*?\*/)*(?:#|%:|\?\?=)(?:[ \t]|/\*.*?\*/)*(?:line\b|\d)",
                     re.MULTILINE | re.DOTALL)


class Refused(Exception):
    """It is not even run; the sentence says why."""


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def write_if_new(path, text):
    """So that make builds only what changed."""
    if not os.path.exists(path) or read(path) != text:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


class Tree:
    """The reference's sources and objects, in which one submission after another is tried."""

    def __init__(self, path, wall):
        self.path = os.path.abspath(path)
        self.build = os.path.join(self.path, "build")
        self.wall = wall

    def fill(self):
        """The sources as they are now, and what is built of them already."""
        listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others",
                                 "--exclude-standard"], check=True, capture_output=True)
        fresh = not os.path.exists(os.path.join(self.path, OBJECTS))
        for path in listed.stdout.decode().split("\0"):
            if os.path.isfile(path) and not path.startswith((".ci/", "docs/")):
                copy_if_new(path, os.path.join(self.path, path), fresh)
        if fresh:
            os.makedirs(self.build, exist_ok=True)
            subprocess.run(["cp", "-a", "build/checked", self.build], check=True)

    def command(self, command, folder=None):
        """The command, behind the wall if there is one; it may write to one folder."""
        if not self.wall:
            return command
        return self.wall(command, self.path, [folder or self.build])

    def run(self, command):
        try:
            return subprocess.run(self.command(command), cwd=self.path, check=False, text=True,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, errors="replace",
                                  env={**os.environ, "MAKEFLAGS": "", "LC_ALL": "C"},
                                  timeout=COMPILE_SECONDS)
        except subprocess.TimeoutExpired:
            raise Refused(f"it does not compile within {COMPILE_SECONDS} s") from None

    def make(self):
        return self.run(["make", "-s", "kernel", "DEBUG=1", "STRICT="])

    def undefined(self, path):
        """The names that the object of a source takes from elsewhere."""
        done = self.run(["nm", "-u", f"{OBJECTS}/{path}.o"])
        return {line.split()[-1] for line in done.stdout.splitlines() if line.strip()}

    def offered(self):
        """What vm/ and lib/ define for all."""
        done = self.run(["bash", "-c", f"nm -g --defined-only $(find {OBJECTS}/vm {OBJECTS}/lib "
                                       "-name '*.o')"])
        return {line.split()[-1] for line in done.stdout.splitlines() if len(line.split()) == 3}

    def includes(self, path):
        """The files of the tree that a source was compiled with."""
        made_of = read(os.path.join(self.path, OBJECTS, path + ".d")).partition("\n\n")[0]
        words = made_of.partition(": ")[2].replace("\\\n", " ").partition("\n")[0].split()
        return {os.path.normpath(word) for word in words} - {path}

    def preprocessed(self, path):
        """Those lines of a source that are its own, after the preprocessor: not a header's. A file
        that includes itself is no header."""
        done = self.run(["gcc", "-E", "-m32", "-ffreestanding", "-I.", "-DPAGODA_DEBUG", path])
        own, lines = False, []
        for line in done.stdout.splitlines():
            found = re.match(r'# \d+ "([^"]*)"', line)
            if found:
                own = not found.group(1).endswith(".h") and not found.group(1).startswith("<")
            elif own:
                lines.append(line)
        return "\n".join(lines)


def copy_if_new(path, target, keep_time):
    """With its time, if the objects that are there were made of it; else as a new file."""
    with open(path, "rb") as file:
        content = file.read()
    if os.path.exists(target):
        with open(target, "rb") as file:
            if file.read() == content:
                return
    os.makedirs(os.path.dirname(target), exist_ok=True)
    shutil.copy2(path, target)
    if not keep_time:
        os.utime(target)


def root_of(lab, folder):
    """Where the lab's files lie in what was handed in: at its top, or, if none does, in the one folder
    below that has some. An archive of a repository has its name around everything."""
    def has_some(place):
        return any(os.path.lexists(os.path.join(place, path)) for path in lab.takes)
    if has_some(folder):
        return folder
    places, level = [], [folder]
    for _ in range(FOLDERS_DEEP):
        level = [entry.path for place in level for entry in os.scandir(place)
                 if entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".")]
        places += filter(has_some, level)
    return places[0] if len(places) == 1 else folder


def place_of(lab, folder, path):
    """Where a file that the lab takes lies in what was handed in, or would: in its folder, or, as files
    that are uploaded one by one, without it."""
    full = os.path.join(root_of(lab, folder), path)
    alone = os.path.join(folder, os.path.basename(path))
    return full if os.path.lexists(full) or not os.path.lexists(alone) else alone


def missing(lab, folder):
    """What is not where it should be, in sentences; those files count as they were handed out."""
    told = []
    for path in lab.takes:
        if os.path.isfile(place_of(lab, folder, path)):
            continue
        name = os.path.basename(path)
        there = sorted(os.path.relpath(os.path.join(inner, name), folder)
                       for inner, _, names in os.walk(folder) if name in names)
        told.append(f"there is no {path} in it" + (f", but {there[0]}" if there else ""))
    return told


def first_error(told):
    """The compiler's or the assembler's first error, or what the linker misses; not a line of the
    source that it shows, in which there may be such a word, too, nor what make says of it."""
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith("make")] or lines
    for sign in (r"^[^|]*\b[eE]rror: ", r"undefined reference|multiple definition"):
        found = [line for line in lines if re.search(sign, line)]
        if found:
            return found[0]
    return lines[-1] if lines else "?"


def take(lab, folder, root):
    """{path: text} of what the lab takes; a file that is not there is as it was handed out."""
    files = {}
    top = os.path.realpath(folder)
    for path in lab.takes:
        full = os.path.realpath(place_of(lab, folder, path))
        if os.path.isfile(full) and not full.startswith(top + os.sep):
            raise Refused(f"{path} is a link that leads out of the submission")
        if os.path.isfile(full) and os.path.getsize(full) > 1 << 20:
            raise Refused(f"{path} is larger than 1 MiB")
        files[path] = read(full) if os.path.isfile(full) else lab.handed_out(path, root)
    return files


def unchanged(lab, files, root):
    return all(text == lab.handed_out(path, root) for path, text in files.items())


def compile_in(tree, lab, files, allowed):
    """Builds the kernel with them. Returns the compiler's warnings; Refused if it may not be."""
    for path, text in files.items():
        if LINE_OF.search(re.sub(r"\\[ \t]*\n", "", text)):
            raise Refused(f"{path} has a #line in it; the lab needs none")
        write_if_new(os.path.join(tree.path, path), text)
    done = tree.make()
    if done.returncode != 0:
        raise Refused(f"it does not compile: {first_error(done.stderr)}")
    offered = tree.offered() | {"_GLOBAL_OFFSET_TABLE_"}
    for path in files:
        names = {name for name in tree.undefined(path) - offered - allowed["names"]
                 if not name.startswith("__ubsan_")}
        if names:
            raise Refused(f"{path} uses {', '.join(sorted(names))}, which the lab does not need")
        headers = {name for name in tree.includes(path) - allowed["headers"]
                   if not name.startswith(OPEN_TO_ALL)}
        if headers:
            raise Refused(f"{path} includes {', '.join(sorted(headers))}")
        found = NO_NAMES.search(tree.preprocessed(path))
        if found:
            raise Refused(f"{path} has {found.group(0)} in it; the lab needs none")
    return [line for line in done.stderr.splitlines() if "warning:" in line]


def allowed_by(tree, lab, handed_out=False):
    """What the reference's files use: looked up in its objects before anything is replaced. A
    hand-out has no reference; its lab says it."""
    headers, names = set(), set()
    for path in lab.takes:
        if not handed_out and os.path.exists(os.path.join(tree.path, OBJECTS, path + ".o")):
            names |= tree.undefined(path)
            headers |= tree.includes(path)
    return {"names": names | set(lab.uses), "headers": headers | set(lab.headers)}


def style(lab, files, root, warnings):
    """What is wrong with how it is written: sentences."""
    wrong = [f"the compiler warns: {line.strip()}" for line in warnings[:3]]
    added = 0
    for path, text in files.items():
        before = lab.handed_out(path, root)
        old_lines, old_functions = set(before.splitlines()), labs.functions_of(before)
        added += sum(line not in old_lines for line in text.splitlines())
        wrong += [f"{path}:{number}: a line of more than {LONGEST_LINE} columns, a tab "
                  "to the next multiple of 8"
                  for number, line in enumerate(text.splitlines(), 1)
                  if len(line.expandtabs(8)) > LONGEST_LINE and line not in old_lines][:2]
        wrong += [f"{path}:{name} has more than {LONGEST_FUNCTION} lines"
                  for name, body in labs.functions_of(text).items()
                  if body.count("\n") > LONGEST_FUNCTION and old_functions.get(name) != body]
    if added > lab.lines:
        wrong.append(f"{added} lines are new; {lab.lines} are enough")
    return wrong
