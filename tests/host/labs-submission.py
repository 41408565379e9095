#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the grader takes from a folder, and what it sees in a source: scripts/labs/submission.py. The
whole of it, with guests, is `make check-labs`."""

import importlib.machinery
import importlib.util
import os
import sys
import tempfile
import types

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
os.chdir(ROOT)
sys.path[:0] = ["tests/host/shared", "scripts/labs"]
import tap
import submission

ASSEMBLER = '\t__asm__ volatile("cli");\n'


def write(folder, path, text):
    full = os.path.join(folder, path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "w", encoding="utf-8") as file:
        file.write(text)


def check_seen(folder):
    """Whoever writes assembler is seen to have it, and whoever uses a header's is not."""
    tree = submission.Tree(folder, None)
    write(folder, "vm/header.h", "static inline void stop(void)\n{\n" + ASSEMBLER + "}\n")
    sources = [
        ("in a header", '#include "vm/header.h"\nvoid f(void)\n{\n\tstop();\n}\n', False),
        ("plainly", "void f(void)\n{\n" + ASSEMBLER + "}\n", True),
        ("by a macro", "#define J(a, b) a##b\nvoid f(void)\n{\n\tJ(__as, m__)(\"cli\");\n}\n", True),
        ("when it includes itself", "#ifdef AGAIN\nvoid f(void)\n{\n" + ASSEMBLER + "}\n#else\n"
         '#define AGAIN\n#include "vm/source.c"\n#endif\n', True),
        ("as a second attribute", 'int a __attribute__((used, section(".init")));\n', True)]
    for what, text, wanted in sources:
        write(folder, "vm/source.c", text)
        found = submission.NO_NAMES.search(tree.preprocessed("vm/source.c"))
        tap.check(bool(found) == wanted, f"{'seen' if wanted else 'not its own'}: {what}")


def check_line_of():
    for text in ('#line 3 "vm/a.h"', '  %: line 1 "a.h"', '/* a\n b */ # 1 "a.h" 1',
                 'int x;\n# /* c */ line 4'):
        tap.check(submission.LINE_OF.search(text), f"says whose the lines are: {text!r}")
    for text in ('#include "a.h"', "/* no. #1 */", "#define LINE 3", "\tx = 3 % line;"):
        tap.check(not submission.LINE_OF.search(text), f"does not: {text!r}")


def check_errors():
    shown = "a.c:3:9: error: expected ';'\n    3 |\tint error: 2;\n"
    for what, told, wanted in [
            ("the compiler's", "  217 | void done(int error);\n" + shown, "a.c:3:9: error: expected ';'"),
            ("a header that is not there", "a.c:1:10: fatal error: x.h: No such file\n",
             "a.c:1:10: fatal error: x.h: No such file"),
            ("the linker's", "ld: a.o: in function `f':\na.c:3: undefined reference to `g'\nmake: Error 1",
             "a.c:3: undefined reference to `g'"), 
            ("the assembler's", "{standard input}:7: Error: file not found: x\nmake: *** Waiting",
             "{standard input}:7: Error: file not found: x"),
            ("something else", "make: broken\n", "make: broken")]:
        got = submission.first_error(told)
        tap.check(got == wanted, f"{what}: {got}")


LAB = types.SimpleNamespace(takes=["vm/one.c", "vm/two.c"],
                            handed_out=lambda path, root: "as it was\n")


def check_taken(folder):
    """Where the files are found, and what is said of those that are not."""
    def handed_in(name, *paths):
        place = os.path.join(folder, name)
        os.makedirs(place)
        for path in paths:
            write(place, path, "mine\n")
        files = submission.take(LAB, place, ".")
        taken = "".join("x" if files[path] == "mine\n" else "-" for path in LAB.takes)
        return taken, submission.missing(LAB, place)
    none = ["there is no vm/one.c in it", "there is no vm/two.c in it"]
    for what, paths, wanted in [
            ("at the top", ["vm/one.c", "vm/two.c"], ("xx", [])),
            ("in an archive's folder", ["lab/vm/one.c", "lab/vm/two.c"], ("xx", [])),
            ("in two folders around it", ["a/b/vm/one.c", "a/b/vm/two.c"], ("xx", [])),
            ("one of two", ["vm/one.c"], ("x-", none[1:])),
            ("file by file", ["one.c", "two.c"], ("xx", [])),
            ("elsewhere", ["mine/one.c"], ("--", [none[0] + ", but mine/one.c", none[1]])),
            ("twice, which is which?", ["a/vm/one.c", "b/vm/one.c"],
             ("--", [none[0] + ", but a/vm/one.c", none[1]])),
            ("nothing", [], ("--", none))]:
        got = handed_in(what, *paths)
        tap.check(got[0] == wanted[0] and sorted(got[1]) == sorted(wanted[1]),
                  f"handed in {what}: {got}")
    place = os.path.join(folder, "linked")
    os.makedirs(place)
    os.symlink("/etc", os.path.join(place, "vm"))
    tap.check(submission.take(LAB, place, ".")["vm/one.c"] == "as it was\n", "a link to nothing")
    LAB.takes.append("vm/passwd")
    try:
        submission.take(LAB, place, ".")
        tap.check(False, "a link that leads out is refused")
    except submission.Refused as error:
        tap.check("leads out" in str(error), f"refused: {error}")
    LAB.takes.pop()


def check_class(folder):
    """Each folder of a class is graded, whatever a learning platform calls it."""
    loader = importlib.machinery.SourceFileLoader("grading", "scripts/labs/grade")
    grading = importlib.util.module_from_spec(importlib.util.spec_from_loader("grading", loader))
    loader.exec_module(grading)
    names = ["Anna Müller_4711_assignsubmission_file", "Anna-Müller_4711_assignsubmission_file",
             "Lee, Bo (late)", "-rf", ".git", "plain"]
    for name in names:
        os.makedirs(os.path.join(folder, name))
    found = grading.folders_of(folder)
    tap.check(sorted(map(os.path.basename, found.values())) == sorted(set(names) - {".git"}),
              f"a class has all but hidden folders: {sorted(found)}")
    tap.check(not [who for who in found if not who[0].isalnum() or set(who) & set(" ,()/")],
              "and each a name that can be that of a file")


with tempfile.TemporaryDirectory(prefix="pagoda-labs-") as scratch:
    check_seen(os.path.join(scratch, "seen"))
    check_taken(os.path.join(scratch, "taken"))
    check_class(os.path.join(scratch, "class"))
check_line_of()
check_errors()
tap.done()
