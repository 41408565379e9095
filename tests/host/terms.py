# SPDX-License-Identifier: MIT
"""docs/terms.md is true: what it has typed in the guest is typed, and what comes is what it shows.
The blocks are read and compared as docs/tour.md's are (tour.py)."""

import sys
import tempfile

sys.dont_write_bytecode = True
import tour
from shared.shell import Shell
from shared.tap import check, done

TERMS = "docs/terms.md"
MEM, SWAP, SECONDS = 16, 32, 60


def main():
    steps = list(tour.steps_of(TERMS))
    with tempfile.TemporaryDirectory(prefix="pagoda-terms-") as folder:
        shell = Shell(folder, MEM, SWAP, SECONDS)
        try:
            shell.read()
            for step in steps:
                check(step.expected, f"line {step.number}: {step.command} shows something")
                tour.compare(step, shell.run(step.command))
        finally:
            shell.close()
    done()


if __name__ == "__main__":
    main()
