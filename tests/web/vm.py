# SPDX-License-Identifier: MIT
"""The programs of tests/vm in the page's machine, under node: each in a guest of its own, as
scripts/check has them in QEMU.

The kernel is the page's, the disk is that of the tests, and the comment at a test's head says its
machine. What v86 cannot do is in `lacks`, a line for each such test, with the reason; a test of
this list that passes is a failure as well. PART=1 in the environment: some of them, TURN chooses
which. TESTS: names, with * and ?.
"""

import fnmatch
import importlib.machinery
import importlib.util
import os
import random
import re
import signal
import sys
import tempfile
import time
import types

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "scripts"), os.path.join(ROOT, "scripts/web")]
import build as page_builder
import machine

LACKS = "tests/web/lacks"
PACKAGES = ".cache/web"
PART_SECONDS = 75   # no other test is begun after these
SLOWER = 3          # times the seconds that a test has in QEMU
# V8 would translate all of v86 again, for speed, and need more time for that than a test runs.
NODE = ["node", "--liftoff-only"]


def load_check():
    loader = importlib.machinery.SourceFileLoader("check", "scripts/check")
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("check", loader))
    loader.exec_module(module)
    return module


check = load_check()


def cannot_be_made(settings):
    """What of the test's machine v86 cannot be: such a test is not run, for its success would say
    nothing. Its processor has no NX anyway."""
    return [word for word in ("grub", "disks", "errors") if settings[word]] + \
        (["cpu"] if settings["cpu"] not in ("", "qemu32,-nx") else [])


class PageTest(check.GuestTest):
    """A test in a guest that is the page's machine."""

    def __init__(self, name, options, program=None):
        super().__init__(name, f"tests/{name}.c", options)
        self.program = program or f"/tests/{name}"

    def run(self, folder):
        settings = machine.guest_settings(self.source)
        without = cannot_be_made(settings)
        if without:
            return [f"v86 cannot do {', '.join(without)}"]
        root = os.path.join(folder, "root.img")
        timeout = int(settings["timeout"]) * SLOWER
        status = self.options.processes.run(self.guest(settings, folder, root), self.log, timeout,
                                            stop=self.has_panicked)
        wrong = self.judge(status, timeout) or self.judge_disk(settings, root)
        return [sentence.replace("QEMU", "v86") for sentence in wrong]

    def guest(self, settings, folder, root):
        """The command; makes the disks. The trace's way out is COM2."""
        swap_mib, swap = int(settings["swap"]), os.path.join(folder, "swap.img")
        machine.copy_sparse(self.options.image, root)
        if swap_mib:
            machine.make_swap(swap, swap_mib)
        line = machine.boot_line("ata", swap_mib, "exit", settings["cmdline"],
                                 "trace-com2" if settings["trace"] else "", "quiet explain",
                                 f"test={self.program} {settings['args']}".strip())
        return [*NODE, "tests/web/guest.mjs", self.options.build, PACKAGES, self.options.script,
                settings["mem"], line, root, *([swap] if swap_mib else [])]


def lacking():
    """What stands in the list: the reason, by the test's name."""
    with open(LACKS, encoding="utf-8") as file:
        return dict(re.findall(r"^([\w-]+) +(\S.*)$", file.read(), re.MULTILINE))


def chosen(names):
    wanted = os.environ.get("TESTS", "").split()
    if wanted:
        return [name for name in names if any(fnmatch.fnmatch(name, one) for one in wanted)]
    if os.environ.get("PART"):
        names = list(names)
        random.Random(int(os.environ.get("TURN", "0"))).shuffle(names)
    return names


class Report:
    def __init__(self):
        self.passed = self.failed = self.lacked = 0

    def fails(self, test):
        """A program that fails has been seen to fail."""
        good = test.wrong == ["exit status 1"]
        self.passed += good
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.passed + self.failed} - {test.program} fails: "
              f"{test.wrong}", flush=True)

    def that(self, test, reason):
        """Prints what came of it; what it said if it failed."""
        wrong = "; ".join(test.wrong)
        good = bool(wrong) == bool(reason)
        self.passed += good
        self.failed += not good
        self.lacked += good and bool(reason)
        words = f"{test.name}, {test.seconds:.1f} s" + (f": {wrong}" if wrong else "")
        if reason:
            words += f" (it is in {LACKS}: {reason})" if good else f" passes, and is in {LACKS}"
        print(f"{'ok' if good else 'not ok'} {self.passed + self.failed} - {words}", flush=True)
        if not good:
            for line in test.console.rstrip().split("\n")[-check.CONSOLE_LINES:]:
                print(f"  {line}", flush=True)


def main():
    build = os.path.dirname(os.environ["OBJ"])
    names = [name[:-2] for name in sorted(os.listdir("tests/vm")) if name.endswith(".c")]
    lacks, report = lacking(), Report()
    out = os.path.join(build, "check/web-vm")
    os.makedirs(out, exist_ok=True)
    for name in sorted(set(lacks) - set(names)):
        report.failed += 1
        print(f"not ok {report.failed} - {LACKS} has {name}, and there is no such test")
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="run-", dir=out) as folder:
        script = os.path.join(folder, "headless.js")
        with open(script, "w", encoding="utf-8") as file:
            file.write(page_builder.headless())
        options = types.SimpleNamespace(
            scratch=folder, out=out, build=build, script=script, processes=check.Processes(),
            image=os.path.join(build, "test.img"))
        report.fails(PageTest(f"vm/{names[0]}", options, "/bin/false").measure())
        for name in chosen(names):
            if os.environ.get("PART") and time.monotonic() - begun > PART_SECONDS:
                break
            report.that(PageTest(f"vm/{name}", options).measure(), lacks.get(name))
    print(f"\n{report.passed} passed ({report.lacked} of them fail, as {LACKS} says), "
          f"{report.failed} failed, of {len(names)}")
    return report.failed > 0 or report.passed == 0


if __name__ == "__main__":
    os.chdir(ROOT)
    for number in check.STOP_SIGNALS:
        signal.signal(number, check.stop_on_signal)
    sys.exit(main())
