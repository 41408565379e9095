# SPDX-License-Identifier: MIT
"""make conform notices what differs, accepts what is listed, reads the Linux Test Project's way of
reporting, and survives a guest that ends in the middle: five cases that ask who is there."""

import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from shared.built import BUILD, KERNEL_BUILD
from shared.tap import check, done

HEAD = """#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "words.h"
static int in_guest(void)
{
    char text[100] = "";
    FILE *file = fopen("/proc/version", "r");
    return file && fgets(text, sizeof text, file) && strstr(text, "Pagoda");
}
int main(void)
{
"""

CASES = {
    "a-same": 'puts(WORDS); return 3;',
    "b-differs": 'printf("same\\n%s\\n", in_guest() ? "yes" : "no"); return 0;',
    "c-listed": 'puts(in_guest() ? "yes" : "no"); return 0;',
    "d-ends": 'puts(WORDS); fflush(stdout); if (in_guest()) { sync(); '
              'syscall(SYS_reboot, 0xfee1dead, 672274793, 0x4321fedc, 0); } return 0;',
    "e-suite": 'printf("e.c:1: TPASS: in line %d\\n", in_guest()); return 0;',
    "f-suite": 'puts("f.c:1: TPASS: first"); '
               'puts(in_guest() ? "f.c:2: TFAIL: no" : "f.c:2: TPASS: yes"); return in_guest();',
    "g-late": 'puts(WORDS); fflush(stdout); if (in_guest()) pause(); return 0;',
    "h-broken": 'return nothing_of_the_kind;',
}


def write_cases(folder):
    for name, body in CASES.items():
        with open(os.path.join(folder, name + ".c"), "w", encoding="utf-8") as file:
            file.write(HEAD + body + "\n}\n")
    with open(os.path.join(folder, "words.h"), "w", encoding="utf-8") as file:
        file.write('#define WORDS "some words"\n')
    with open(os.path.join(folder, "differs"), "w", encoding="utf-8") as file:
        file.write("# a comment\nc-* /yes|no/ it asks who is there\n")


def run(folder):
    done_run = subprocess.run(
        ["scripts/conform", "--dir", folder, "--build", BUILD, "--limit", "2",
         "--kernel-build", KERNEL_BUILD, "--jobs", "2"],
        capture_output=True, text=True, check=False)
    print(re.sub("^", "# ", done_run.stdout + done_run.stderr, flags=re.MULTILINE))
    return done_run


def main():
    with tempfile.TemporaryDirectory() as folder:
        write_cases(folder)
        told = run(folder)
    text = told.stdout

    def has(pattern):
        return bool(re.search(pattern, text, re.MULTILINE))
    check(has(r"^ok +a-same\b"), "a case that prints the same passes")
    check(has(r"^FAIL b-differs .*\n +< no\n +> yes\n(ok|FAIL)"), "a line that differs is shown")
    check(has(r"^ok +c-listed .* listed"), "and one that is listed is accepted")
    check(has(r"^FAIL d-ends .*the guest ended"), "a guest that ends costs its case")
    check(has(r"^ok +e-suite .*TPASS 1"), "TPASS is compared by number, the others go on")
    check(has(r"^FAIL f-suite .*Linux: TPASS 2; Pagoda: TPASS 1 TFAIL 1"), "TFAIL is noticed")
    check(has(r"^FAIL g-late "), "a case that does not end has failed")
    check(has(r"^FAIL h-broken .*does not compile"), "and one that does not compile")
    check(text.rstrip().endswith("3 passed, 5 failed") and told.returncode == 1,
          "the last line counts")
    done()


if __name__ == "__main__":
    main()
