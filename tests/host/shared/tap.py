# SPDX-License-Identifier: MIT
"""The Test Anything Protocol for tests in Python, as tap.h is for those in C."""

import sys


def check(holds, words):
    """Prints the line of one check; whether it held."""
    check.count += 1
    check.failed += not holds
    print(f"{'ok' if holds else 'not ok'} {check.count} - {words}", flush=True)
    return bool(holds)


check.count = check.failed = 0


def done():
    """Prints how many there were, and ends the program."""
    print(f"1..{check.count}")
    sys.exit(1 if check.failed else 0)
