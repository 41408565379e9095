# SPDX-License-Identifier: MIT
"""A recorded run is the same again, and can be gone through backwards: scripts/record on
vm/cow-simple, from its end back to the last pages that were copied, and one instruction more;
and on a kernel that finds no file system, from its panic.

QEMU 7.2 now and then stands still while it replays. Then it is ended and tried once more, which
the output says; twice is a failure."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from shared.built import BUILD, KERNEL
from shared.tap import check, done

TEST = "vm/cow-simple"
SECONDS = 40
COUNT = "vm_counters[VM_fault_cow_copied]"
SKIPPED = 77


def run_once(command):
    """What it prints, or None if it does not end."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)
    try:
        return process.communicate(timeout=SECONDS)[0]
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGTERM)  # scripts/record ends QEMU, too
        print(re.sub("^", "# ", process.communicate()[0], flags=re.MULTILINE))
        return None


def run(build, kernel, *words):
    command = ["scripts/record", "--build", build, "--kernel-build", os.path.dirname(kernel),
               *words, TEST]
    for _ in range(2):
        printed = run_once(command)
        if printed is not None:
            print(re.sub("^", "# ", printed, flags=re.MULTILINE))
            return printed
        print(f"# not ended after {SECONDS} s: {' '.join(command)}")
    return ""


def replay(build, kernel, *commands):
    return run(build, kernel, "--replay", "--batch",
               *(word for command in commands for word in ("--ex", command)))


def panics(kernel, folder):
    """A root disk of nothing but zeros."""
    with open(os.path.join(folder, "test.img"), "wb") as image:
        image.truncate(1 << 20)
    os.symlink(os.path.join(BUILD, "programs"),
               os.path.join(folder, "programs"))
    recorded = run(folder, kernel)
    replayed = replay(folder, kernel, "continue", "backtrace 2", "print $esp", "reverse-stepi",
                      "reverse-stepi 2", "stepi", "stepi", "stepi", "print $esp")
    stacks = re.findall(r"^\$\d = .*?(0x[0-9a-f]+)", replayed, re.MULTILINE)
    return [
        ("*** Pagoda stops: the root disk" in recorded and "status being 255" in recorded,
         "a panic is recorded"),
        ("panic (format=" in replayed and " in start_system" in replayed,
         "replayed, it stops there, called by whoever gave up"),
        (len(stacks) == 2 and stacks[0] == stacks[1], "three instructions back, and there again"),
    ]


def copies(kernel):
    recorded = run(BUILD, kernel)
    look = f"print {COUNT}"
    replayed = replay(BUILD, kernel, "continue", look, f"watch {COUNT}", "reverse-continue",
                      "backtrace 4", look,
                      "reverse-continue", look, "reverse-stepi", look, "reverse-continue", look)
    counts = [int(count) for count in re.findall(r"^\$\d = (\d+)$", replayed, re.MULTILINE)]
    last = counts[0] if counts else 0
    return [
        ("verdict: exit 0" in recorded, "the test passes while it is recorded"),
        (re.search(r"power_off \(status=.*0\)", replayed), "replayed, it comes to the same end"),
        (last >= 8, "where pages have been copied"),
        (counts == [last, last, last - 1, last - 2, last - 2],
         "back to the last time that the count changed, the time before, to before that, and on"),
        ("anon_copy" in replayed, "which was in the row of the table that copies"),
        (replayed.count("instructions back") == 3, "and it says how far it went"),
    ]


def main():
    if not shutil.which("qemu-img"):
        print("qemu-img is not there (Debian package qemu-utils)")
        sys.exit(SKIPPED)
    with tempfile.TemporaryDirectory() as folder:
        tests = panics(KERNEL, folder) + copies(KERNEL)
    for holds, what in tests:
        check(holds, what)
    done()


if __name__ == "__main__":
    main()
