#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the grader takes from a folder, and what it sees in a source: scripts/labs/submission.py. The
whole of it, with guests, is `make check-labs`."""

import os
import sys
import tempfile

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


with tempfile.TemporaryDirectory(prefix="pagoda-labs-") as scratch:
    check_seen(scratch)
check_line_of()
tap.done()
