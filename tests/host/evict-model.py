# SPDX-License-Identifier: MIT
"""Eviction beside a program, in every order of their steps: spin finds none in which
models/evict.pml loses a store, and one for each mistake that the model can make."""

import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from shared.tap import check, done

MODEL = os.path.abspath("tests/host/models/evict.pml")
SKIPPED = 77


def mistakes():
    """[(number, name, what is wrong)], as the model defines them."""
    with open(MODEL, encoding="utf-8") as file:
        return re.findall(r"^#define (\w+) (\d+) +/\* (.*) \*/$", file.read(), re.M)


def explore(folder, mistake):
    """What the verifier says: (number of errors, states it has seen, its words)."""
    told = subprocess.run(["./pan", "-m100000", "-n"], cwd=folder, capture_output=True, text=True,
                          env={**os.environ, "MISTAKE": mistake}, check=False).stdout
    errors = re.search(r"errors: (\d+)", told)
    states = re.search(r"(\d+) states, stored", told)
    return int(errors.group(1)), int(states.group(1)), told


def steps(folder, mistake):
    """The order of steps that led to the error."""
    return subprocess.run(["./pan", "-r"], cwd=folder, capture_output=True, text=True,
                          env={**os.environ, "MISTAKE": mistake}, check=False).stdout


def main():
    with tempfile.TemporaryDirectory(prefix="pagoda-spin-") as folder:
        try:
            subprocess.run(["spin", "-a", MODEL], cwd=folder, check=True,
                           stdout=subprocess.DEVNULL)
        except FileNotFoundError:
            print("spin is not there (Debian package spin)")
            return SKIPPED
        subprocess.run(["gcc", "-O1", "-w", "-DSAFETY", "-o", "pan", "pan.c"], cwd=folder,
                       check=True)
        errors, states, told = explore(folder, "0")
        if errors:
            print(steps(folder, "0"))
        check(errors == 0 and "max search depth too small" not in told,
              f"no store is lost in any of {states:,} states")
        check(len(mistakes()) >= 6, "the model can make mistakes")
        for name, number, words in mistakes():
            check(explore(folder, number)[0] == 1, f"{name} is found: {words}")
    return done()


sys.exit(main())
