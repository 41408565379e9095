# SPDX-License-Identifier: MIT
"""make diff-fuzz: a few seeds are the same here and in a guest; and calls are left out of one that
differs until few are left."""

import importlib.machinery
import importlib.util
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, "scripts")
from shared.built import BUILD, KERNEL_BUILD
from shared.tap import check, done

SEEDS = "1-6"


def load():
    loader = importlib.machinery.SourceFileLoader("diff_fuzz", "scripts/diff-fuzz")
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("diff_fuzz", loader))
    loader.exec_module(module)
    return module


class Pretended:
    """Runs nothing: Linux and the guest differ if these three calls are made."""

    GUILTY = {17, 118, 119}

    class options:
        calls = 200

    def on_linux(self, jobs):
        return [[f"0.{number} done" for number in self.calls_of(job)] for job in jobs]

    def in_guest(self, jobs, guest):
        return [lines + ["more"] if self.GUILTY <= self.calls_of(job) else lines
                for job, lines in zip(jobs, self.on_linux(jobs))], ""

    @staticmethod
    def calls_of(job):
        words = job.split()
        return {int(word) for word in words[2].split(",")} if len(words) > 2 else set(range(200))


def main():
    ran = subprocess.run(["scripts/diff-fuzz", "--seeds", SEEDS, "--jobs", "1", "--build", BUILD,
                          "--kernel-build", KERNEL_BUILD], capture_output=True, text=True,
                         check=False)
    print("\n".join("# " + line for line in (ran.stdout + ran.stderr).split("\n")))
    check(ran.returncode == 0, f"seeds {SEEDS} are the same on Linux and in a guest")
    difference = load().Difference(Pretended(), 1, None)
    difference.shrink()
    check(set(difference.wanted) == Pretended.GUILTY, "of 200 calls the three that matter are left")
    done()


main()
